import { type IResource, Resource, Stack, Token, TokenComparison } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { ConfigurationError } from '../configurationError.ts';

/**
 * Checks that a resource is in the handler's account and region.
 *
 * @param name how the error names the resource, such as `the table`
 * @param fix what to do about another account or region
 * @param places what has to be the handler's
 * @throws ConfigurationError if it is certainly elsewhere
 */
export function checkPlace(
  scope: Construct,
  resource: IResource,
  name: string,
  fix: (what: 'account' | 'region') => string,
  places: readonly ('account' | 'region')[] = ['account', 'region'],
): void {
  for (const what of places) {
    const own = Stack.of(scope)[what];
    const other = resource.env[what];
    const comparison = Token.compareStrings(own, other);
    // For an imported resource and a stack without an environment, only the deployment can tell.
    const isUnknown =
      comparison === TokenComparison.BOTH_UNRESOLVED ||
      (comparison === TokenComparison.ONE_UNRESOLVED && !Resource.isOwnedResource(resource));
    if (comparison === TokenComparison.SAME || isUnknown) continue;
    const [here, there] = [own, other].map((value) =>
      Token.isUnresolved(value) ? `any ${what}` : value,
    );
    throw new ConfigurationError(
      `${name} ${resource.node.path} is in ${what} ${there}, the handler in ${here}: ${fix(what)}`,
    );
  }
}
