import { Stack, Validations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/** Gives the reason why a finding of cdk-nag on a construct is as it should be. */
export function acknowledge(construct: IConstruct, id: string, reason: string): void {
  Validations.of(construct).acknowledge({ id, reason });
}

/** The same for a resource of a policy that holds a wildcard: no other wildcard is meant. */
export function acknowledgeWildcard(construct: IConstruct, arn: string, reason: string): void {
  const resource = flatten(Stack.of(construct).resolve(arn));
  acknowledge(construct, `AwsSolutions-IAM5[Resource::${resource}]`, reason);
}

/** An ARN as cdk-nag writes it: `<LogicalId.Arn>/prefix/*`. */
function flatten(value: unknown): string {
  if (typeof value === 'string') return value;
  const [name = '', argument] = Object.entries(value as object)[0] ?? [];
  switch (name) {
    case 'Fn::Join':
      return (argument[1] as unknown[]).map(flatten).join(argument[0]);
    case 'Fn::GetAtt':
      return `<${argument[0]}.${argument[1]}>`;
    case 'Ref':
      return `<${argument}>`;
    default:
      return JSON.stringify(value);
  }
}
