import { Duration, type RemovalPolicy } from 'aws-cdk-lib';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { bundleCode } from './bundleCode.ts';
import { createNodeFunction } from './nodeFunction.ts';

/** What takes the results until there is a processor of your own: examples/processor. */
export function createExampleProcessor(
  scope: Construct,
  props: { readonly logRetention: RetentionDays; readonly removalPolicy: RemovalPolicy },
): lambda.Function {
  return createNodeFunction(scope, 'ExampleProcessor', {
    ...props,
    description: 'Summarises the results of each batch into processed/',
    code: bundleCode('exampleProcessor'),
    handler: 'index.handler',
    timeout: Duration.minutes(15),
    memorySize: 1024,
  });
}
