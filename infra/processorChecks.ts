import { Resource, Stack, Token, TokenComparison } from 'aws-cdk-lib';
import type * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { ConfigurationError } from './configurationError.ts';

/**
 * The role of a processor that the handler can invoke.
 *
 * @throws ConfigurationError with the fix if the processor is in another account or region, or its
 *   role is not known
 */
export function checkProcessor(scope: Construct, processor: lambda.IFunction): iam.IRole {
  checkPlace(scope, processor, 'account');
  checkPlace(scope, processor, 'region');
  if (!processor.role) {
    throw new ConfigurationError(
      `the role of the processor ${processor.node.path} is not known, and the handler must let it read the results: import it with lambda.Function.fromFunctionAttributes(this, id, { functionArn, role }), or set processorRoleArn in cdk.json`,
    );
  }
  return processor.role;
}

function checkPlace(scope: Construct, processor: lambda.IFunction, what: 'account' | 'region') {
  const own = Stack.of(scope)[what];
  const other = processor.env[what];
  const comparison = Token.compareStrings(own, other);
  // An imported function and a stack for any environment: only the deployment can tell.
  const isUnknown =
    comparison === TokenComparison.BOTH_UNRESOLVED ||
    (comparison === TokenComparison.ONE_UNRESOLVED && !Resource.isOwnedResource(processor));
  if (comparison === TokenComparison.SAME || isUnknown) return;
  const [here, there] = [own, other].map((name) =>
    Token.isUnresolved(name) ? `any ${what}` : name,
  );
  throw new ConfigurationError(
    `the processor ${processor.node.path} is in ${what} ${there}, the handler in ${here}: deploy both to the same ${what}, and let the processor hand on from there what must go elsewhere`,
  );
}
