import type { RemovalPolicy } from 'aws-cdk-lib';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { ENVIRONMENT } from '../shared/config.ts';
import { bundleCode } from './bundleCode.ts';
import { FUNCTION_SPECS, type FunctionName, type FunctionSpec } from './functionSpecs.ts';
import { createNodeFunction } from './nodeFunction.ts';
import type { Resources } from './permissions.ts';

export interface FunctionsProps {
  readonly resources: Resources;
  /** The handler's name among those of the account. */
  readonly service: string;
  /** The text of settings.json. */
  readonly settings: string;
  readonly logRetention: RetentionDays;
  readonly removalPolicy: RemovalPolicy;
}

export function createFunctions(
  scope: Construct,
  { resources, service, settings, ...props }: FunctionsProps,
): Record<FunctionName, lambda.Function> {
  const environment = environmentOf(resources, service);
  const code = bundleCode('handler', settings);
  const create = (name: FunctionName): lambda.Function => {
    const spec: FunctionSpec = FUNCTION_SPECS[name];
    const { description, timeout, memoryMiB: memorySize, ephemeralStorage } = spec;
    return createNodeFunction(
      scope,
      name.replace(/^./, (first) => first.toUpperCase()),
      {
        ...props,
        description,
        timeout,
        memorySize,
        ...(ephemeralStorage ? { ephemeralStorageSize: ephemeralStorage } : {}),
        // A sweep that failed is not worth repeating: the next tick does the same.
        ...(name === 'sweeper' ? { retryAttempts: 0 } : {}),
        code,
        handler: `${name}.handler`,
        environment,
      },
    );
  };
  return {
    intake: create('intake'),
    sweeper: create('sweeper'),
    worker: create('worker'),
    outcome: create('outcome'),
  };
}

/** Names and ARNs only: settings would not fit. What providers need is added where it is granted. */
export function environmentOf(
  { table, bucket, inputBuckets, queues, processor, eventBus }: Resources,
  service: string,
): Record<string, string> {
  return {
    [ENVIRONMENT.service]: service,
    [ENVIRONMENT.table]: table.tableName,
    [ENVIRONMENT.bucket]: bucket.bucketName,
    [ENVIRONMENT.inputBuckets]: inputBuckets.map(({ bucketName }) => bucketName).join(','),
    [ENVIRONMENT.batchQueue]: queues.intake.queue.queueUrl,
    [ENVIRONMENT.workQueue]: queues.worker.queue.queueUrl,
    [ENVIRONMENT.deadLetterQueue]: queues.intake.deadLetterQueue.queueUrl,
    [ENVIRONMENT.workDeadLetterQueue]: queues.worker.deadLetterQueue.queueUrl,
    [ENVIRONMENT.processor]: processor.functionArn,
    [ENVIRONMENT.eventBus]: eventBus.eventBusName,
  };
}
