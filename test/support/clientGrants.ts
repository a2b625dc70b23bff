import { Template } from 'aws-cdk-lib/assertions';
import * as iam from 'aws-cdk-lib/aws-iam';
import { newHandler, newStack, resourceOf } from './handlerStack.ts';

/** What `grantClient` gives, as `place: action`, sorted. */
export function grantedToClient(): readonly string[] {
  const stack = newStack();
  const user = new iam.Role(stack, 'User', { assumedBy: new iam.AccountRootPrincipal() });
  newHandler(stack).grantClient(user).assertSuccess();
  const { Properties } = resourceOf(Template.fromStack(stack), 'AWS::IAM::Policy', 'User');
  const statements: { Action: string | string[]; Resource: unknown }[] =
    Properties.PolicyDocument.Statement;
  return statements
    .flatMap(({ Action, Resource }) =>
      [Resource]
        .flat()
        .flatMap((resource) => [Action].flat().map((action) => `${placeOf(resource)}: ${action}`)),
    )
    .toSorted();
}

/** The logical id without its hash, or what of it: an index, a prefix. */
function placeOf(resource: unknown): string {
  const text = JSON.stringify(resource);
  if (text.includes(':stack/')) return 'stack';
  const [, within] = /"\/((?:index\/)?[\w-]+(?:\/\*)?)"/.exec(text) ?? [];
  return within ?? /\w+(?=[0-9A-F]{8})/.exec(text)?.[0] ?? text;
}
