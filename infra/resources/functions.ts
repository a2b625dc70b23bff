import { cpSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AssetHashType, DockerImage, Duration, type RemovalPolicy, Size } from 'aws-cdk-lib';
import type * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import type * as events from 'aws-cdk-lib/aws-events';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { ENVIRONMENT, type PortName, SETTINGS_FILE } from '../../shared/config.ts';
import { omitUndefined } from '../../shared/omitUndefined.ts';
import { acknowledge } from '../acknowledgements.ts';
import { BUNDLES, type BundleName } from '../bundlePaths.ts';
import { ConfigurationError } from '../configurationError.ts';
import type { Prefixes } from './bucket.ts';
import { consume } from './consume.ts';
import { allowEnvironment } from './encryption.ts';
import { allowNetwork, type Network } from './network.ts';
import type { HandlerQueues } from './queues.ts';
import type { FunctionCode } from './runtime.ts';

interface FunctionSpec {
  readonly description: string;
  readonly timeout: Duration;
  /** Lambda assigns CPU in proportion to it: 1,769 MiB are one vCPU. */
  readonly memoryMiB: number;
  readonly ephemeralStorage?: Size;
}

/** The functions that every handler has. */
export const FUNCTION_SPECS = {
  intake: {
    description: 'Consumes the batch queue: adds batches and applies commands',
    timeout: Duration.minutes(1),
    memoryMiB: 512,
  },
  sweeper: {
    description: 'Runs on a schedule: advances every batch that is due',
    timeout: Duration.minutes(5),
    memoryMiB: 512,
  },
  worker: {
    description: 'Consumes the work queue: inspects, submits or collects one batch at a time',
    timeout: Duration.minutes(15),
    memoryMiB: 1769,
    // The worker spools the input and the output of a job to disk.
    ephemeralStorage: Size.gibibytes(10),
  },
  outcome: {
    description: 'Consumes the outcome queue: records how invocations of the processor ended',
    timeout: Duration.minutes(1),
    memoryMiB: 256,
  },
} as const satisfies Record<string, FunctionSpec>;

type FunctionName = keyof typeof FUNCTION_SPECS;
export type HandlerFunctions = Readonly<Record<FunctionName, lambda.Function>>;

/** The resources that the functions use. Undefined are those that a user's code replaces. */
export interface HandlerResources {
  readonly table: dynamodb.ITable | undefined;
  readonly bucket: s3.IBucket | undefined;
  /** What all keys of the handler in the bucket begin with; may be empty. */
  readonly bucketPrefix: string;
  readonly prefixes: Prefixes;
  readonly inputBuckets: readonly (s3.IBucket | s3.Bucket)[];
  readonly queues: HandlerQueues;
  readonly processor: lambda.IFunction;
  readonly eventBus: events.IEventBus | undefined;
  /** The ports that a user's code replaces. */
  readonly replaced: readonly PortName[];
}

export interface FunctionsProps {
  readonly resources: HandlerResources;
  /** The handler's name, unique in the account. */
  readonly service: string;
  readonly source: FunctionCode;
  readonly logRetention: logs.RetentionDays;
  readonly removalPolicy: RemovalPolicy;
  /** Encrypts logs, environments and secrets. */
  readonly encryptionKey: kms.IKey | undefined;
  readonly network: Network | undefined;
  /** Whether X-Ray traces them. */
  readonly tracing: boolean;
}

export function createFunctions(
  scope: Construct,
  { resources, service, source, ...props }: FunctionsProps,
): HandlerFunctions {
  const environment = environmentOf(resources, service, source);
  const create = (id: string, name: FunctionName): lambda.Function => {
    const spec: FunctionSpec = FUNCTION_SPECS[name];
    return createNodeFunction(scope, id, {
      ...props,
      ...omitUndefined({
        ephemeralStorageSize: spec.ephemeralStorage,
        // The next tick of the schedule repeats a failed sweep.
        retryAttempts: name === 'sweeper' ? 0 : undefined,
      }),
      description: spec.description,
      timeout: spec.timeout,
      memorySize: spec.memoryMiB,
      code: source.code,
      handler: source.handlerOf(name),
      environment,
    });
  };
  return {
    intake: create('Intake', 'intake'),
    sweeper: create('Sweeper', 'sweeper'),
    worker: create('Worker', 'worker'),
    outcome: create('Outcome', 'outcome'),
  };
}

/**
 * The environment of every function: names and ARNs only, because settings would exceed Lambda's 4 KB.
 * Each provider adds the variables of its own with its permissions.
 */
export function environmentOf(
  { table, bucket, bucketPrefix, inputBuckets, queues, processor, eventBus }: HandlerResources,
  service: string,
  source: Pick<FunctionCode, 'environment'>,
): Record<string, string> {
  return omitUndefined({
    ...source.environment,
    [ENVIRONMENT.service]: service,
    [ENVIRONMENT.table]: table?.tableName,
    [ENVIRONMENT.bucket]: bucket?.bucketName,
    [ENVIRONMENT.bucketPrefix]: bucketPrefix || undefined,
    [ENVIRONMENT.inputBuckets]: inputBuckets.map(({ bucketName }) => bucketName).join(','),
    [ENVIRONMENT.batchQueue]: queues.intake?.queue.queueUrl,
    [ENVIRONMENT.workQueue]: queues.worker?.queue.queueUrl,
    [ENVIRONMENT.deadLetterQueue]: queues.intake?.deadLetterQueue.queueUrl,
    [ENVIRONMENT.workDeadLetterQueue]: queues.worker?.deadLetterQueue.queueUrl,
    [ENVIRONMENT.processor]: processor.functionArn,
    [ENVIRONMENT.eventBus]: eventBus?.eventBusName,
  });
}

/** The package's own code of the functions. */
export function ownCode(settings: string): FunctionCode {
  return {
    code: bundleCode('handler', settings),
    handlerOf: (name) => `${name}.handler`,
    environment: {},
  };
}

/** @param maxConcurrency how many workers may run at the same time */
export function connectQueues(
  { intake, worker, outcome }: HandlerFunctions,
  queues: HandlerQueues,
  maxConcurrency: number,
): void {
  if (queues.intake) consume(intake, queues.intake.queue);
  consume(outcome, queues.outcome.queue);
  if (!queues.worker) return;
  consume(worker, queues.worker.queue, {
    batchSize: 1,
    // Reserved concurrency would fail to deploy in a new account, which has none to reserve.
    maxConcurrency,
  });
}

/**
 * Limits V8's young generation. Streams create only short-lived buffers, and by default V8 lets
 * hundreds of megabytes of them accumulate before it collects any. For a collection of 200 MB, sizes from 1
 * to 16 MiB showed no difference in CPU time beyond that between runs, while its peak memory was about
 * 140 MB up to 4 MiB, 164 MB with 8 and 190 MB with 16.
 */
const NODE_OPTIONS = '--max-semi-space-size=4';

interface NodeFunctionProps
  extends Pick<lambda.FunctionProps, 'code' | 'handler' | 'description' | 'timeout' | 'memorySize'>,
    Pick<lambda.FunctionProps, 'ephemeralStorageSize' | 'environment' | 'retryAttempts'> {
  readonly logRetention: logs.RetentionDays;
  readonly removalPolicy: RemovalPolicy;
  readonly encryptionKey?: kms.IKey | undefined;
  readonly network?: Network | undefined;
  readonly tracing: boolean;
}

/** Creates a Node.js function with its own log group and a role that may write logs, and traces with `tracing`. */
export function createNodeFunction(
  scope: Construct,
  id: string,
  { logRetention, removalPolicy, environment, encryptionKey, ...props }: NodeFunctionProps,
): lambda.Function {
  const { network, tracing, ...rest } = props;
  const logGroup = new logs.LogGroup(scope, `${id}Logs`, {
    retention: logRetention,
    removalPolicy,
    ...omitUndefined({ encryptionKey }),
  });
  // To a role of its own, CDK attaches a managed policy that may write to every log group.
  const role = new iam.Role(scope, `${id}Role`, {
    assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com'),
  });
  logGroup.grantWrite(role);
  acknowledge(
    role,
    'AwsSolutions-IAM5[Resource::*]',
    'With tracing: X-Ray supports no resource-level permissions, and xray:PutTraceSegments and xray:PutTelemetryRecords require *. So do the network interfaces that Lambda creates in a VPC.',
  );
  if (encryptionKey) allowEnvironment(role, encryptionKey);
  if (network) allowNetwork(role);
  return new lambda.Function(scope, id, {
    ...rest,
    ...network,
    ...omitUndefined({ environmentEncryption: encryptionKey }),
    role,
    logGroup,
    runtime: lambda.Runtime.NODEJS_24_X,
    // A fifth cheaper than x86_64. The bundles are plain JavaScript and run on either.
    architecture: lambda.Architecture.ARM_64,
    ...omitUndefined({ tracing: tracing ? lambda.Tracing.ACTIVE : undefined }),
    environment: { NODE_OPTIONS, ...environment },
  });
}

/**
 * Returns a bundle as Lambda code, with settings.json beside it.
 *
 * @param settings the text of settings.json; omit it for a function without settings
 * @throws ConfigurationError if the bundle has not been built
 */
export function bundleCode(name: BundleName, settings?: string): lambda.Code {
  const source = join(BUNDLES, name);
  if (!existsSync(source)) {
    throw new ConfigurationError(`there is no bundle in ${source}: run "npm run build"`);
  }
  return lambda.Code.fromAsset(source, {
    assetHashType: AssetHashType.OUTPUT,
    // Without it, CDK would give two handlers with different settings the asset of the first.
    ...omitUndefined({ extraHash: settings }),
    bundling: {
      // CDK requires an image, and never runs it because `tryBundle` always succeeds.
      image: DockerImage.fromRegistry('none'),
      local: {
        tryBundle(output) {
          cpSync(source, output, { recursive: true });
          if (settings !== undefined) writeFileSync(join(output, SETTINGS_FILE), settings);
          return true;
        },
      },
    },
  });
}
