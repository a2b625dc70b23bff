import { type IResource, Resource, Stack } from 'aws-cdk-lib';
import type { Construct, IConstruct } from 'constructs';
import { ConfigurationError } from '../configurationError.ts';

/** What a handler uses alone. */
interface Claim {
  readonly handler: string;
  readonly prop: 'table' | 'bucket' | 'queue';
  readonly resource: string;
  /** Of a bucket: what the handler's keys begin with. */
  readonly prefix: string;
}

/** The claims of all handlers of an app. */
const CLAIMS = new WeakMap<IConstruct, Claim[]>();

/**
 * Records what a handler uses.
 *
 * @param prefix of a bucket: what the handler's keys begin with
 * @throws ConfigurationError if another handler of the app uses it, too
 */
export function claim(
  handler: Construct,
  prop: Claim['prop'],
  resource: IResource,
  arn: string,
  prefix = '',
): void {
  const { root } = handler.node;
  const claims = CLAIMS.get(root) ?? [];
  CLAIMS.set(root, claims);
  const own = { handler: handler.node.path, prop, resource: identityOf(resource, arn), prefix };
  const other = claims.find(
    (each) =>
      each.prop === prop &&
      each.resource === own.resource &&
      (each.prefix.startsWith(prefix) || prefix.startsWith(each.prefix)),
  );
  if (other) throw new ConfigurationError(conflictText(own, other));
  claims.push(own);
}

function conflictText({ prop, prefix }: Claim, other: Claim): string {
  if (prop === 'bucket')
    return `bucketPrefix is ${JSON.stringify(prefix)}, and the handler ${other.handler} uses ${JSON.stringify(other.prefix)} in the same bucket: give each handler a bucketPrefix that does not begin with another's`;
  const why =
    prop === 'table'
      ? 'each would run the batches of the other'
      : 'each message would reach any one of them';
  return `${prop} is used by the handler ${other.handler}, too, and ${why}: give each handler its own ${prop}`;
}

function identityOf(resource: IResource, arn: string): string {
  if (Resource.isOwnedResource(resource)) return resource.node.path;
  return JSON.stringify(Stack.of(resource).resolve(arn));
}
