import { Duration, Token } from 'aws-cdk-lib';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { TABLE } from '../../shared/config.ts';
import { omitUndefined } from '../../shared/omitUndefined.ts';
import type { ApiProps } from '../apiProps.ts';
import { ConfigurationError } from '../configurationError.ts';
import { allow, allowIndex, allowItems, allowObjects, allowPublish, allowSend } from './allow.ts';
import {
  createNodeFunction,
  environmentOf,
  type FunctionsProps,
  type HandlerResources,
} from './functions.ts';
import { RECORD_KEYS, TENANT_BATCH_KEYS } from './permissions.ts';

/** OpenAI's Batch API in front of a handler. */
export interface Api {
  /** What clients take for their base URL, such as `https://….lambda-url.eu-west-1.on.aws/v1`. */
  readonly url: string;
  /** Answers the requests. */
  readonly function: lambda.Function;
}

/** Longer than a request waits for the worker to complete an upload. */
export const MIN_API_TIMEOUT_SECONDS = 30;

const DEFAULT_TIMEOUT = Duration.minutes(1);
const DEFAULT_MEMORY_MIB = 512;

const WRITE = ['s3:PutObject', 's3:AbortMultipartUpload'];

/**
 * @param worker puts uploads together
 * @throws ConfigurationError for a timeout that is too short, or a concurrency that is no whole number
 *   above 0
 */
export function createApi(
  scope: Construct,
  { resources, service, source, ...props }: FunctionsProps,
  worker: lambda.Function,
  { reservedConcurrency, timeout = DEFAULT_TIMEOUT, memorySize = DEFAULT_MEMORY_MIB }: ApiProps,
): Api {
  checkProps(timeout, reservedConcurrency);
  const api = createNodeFunction(scope, 'Api', {
    ...props,
    ...omitUndefined({ reservedConcurrentExecutions: reservedConcurrency }),
    description: 'Answers the HTTP API: files, uploads, batches and models, as OpenAI does',
    timeout,
    memorySize,
    code: source.code,
    handler: source.handlerOf('api'),
    environment: environmentOf(resources, service, source),
  });
  grantApi(api, resources);
  grantAssembling(worker, resources);
  // Clients of OpenAI cannot sign requests for IAM. The function checks the key of each request.
  const { url } = api.addFunctionUrl({ authType: lambda.FunctionUrlAuthType.NONE });
  // A function URL ends in a slash.
  return { url: `${url}v1`, function: api };
}

function checkProps(timeout: Duration, reserved: number | undefined): void {
  const seconds = timeout.isUnresolved() ? undefined : timeout.toSeconds({ integral: false });
  if (seconds !== undefined && seconds < MIN_API_TIMEOUT_SECONDS)
    throw new ConfigurationError(
      `api.timeout is ${seconds} seconds: use at least ${MIN_API_TIMEOUT_SECONDS}, because a request may wait for an upload to be put together`,
    );
  if (reserved === undefined || Token.isUnresolved(reserved)) return;
  if (!Number.isInteger(reserved) || reserved < 1)
    throw new ConfigurationError(
      `api.reservedConcurrency is ${reserved}: must be a whole number above 0, or be left out`,
    );
}

/**
 * Grants what the API does: it adds and cancels batches as the intake does, keeps files and uploads, and
 * reads keys, rows and lists. It calls no provider and reads none of their secrets.
 */
function grantApi(api: lambda.Function, resources: HandlerResources): void {
  const { table, bucket, prefixes, inputBuckets, queues, processor, eventBus, replaced } =
    resources;
  const { keyPrefix, keyUsePrefix, filePrefix, uploadPrefix, repeatPrefix } = TABLE;
  allowItems(api, ['dynamodb:GetItem'], table, [keyPrefix]);
  allowItems(api, ['dynamodb:GetItem', 'dynamodb:PutItem'], table, [
    ...[...RECORD_KEYS, TENANT_BATCH_KEYS],
    ...[keyUsePrefix, filePrefix, uploadPrefix, repeatPrefix],
  ]);
  allowIndex(api, table, TABLE.createdIndex.name);

  allowSend([api], queues.worker?.queue);
  // A batch that is cancelled while it waits, with rows of earlier jobs, is delivered at once.
  if (!replaced.includes('processor'))
    allow([api], ['lambda:InvokeFunction'], [processor.functionArn]);
  allowPublish([api], eventBus);

  for (const prefix of [prefixes.files, prefixes.uploadParts])
    allowObjects(api, bucket, prefix, ['s3:GetObject', ...WRITE]);
  // Clients read by URLs that the function signs, so these are the limits of the URLs, too.
  for (const prefix of [prefixes.uploads, prefixes.batches])
    allowObjects(api, bucket, prefix, ['s3:GetObject']);
  // Without ListBucket, S3 answers 403 instead of 404 for an object that does not exist.
  const buckets = [...(bucket ? [bucket] : []), ...inputBuckets].map(({ bucketArn }) => bucketArn);
  if (buckets.length > 0) allow([api], ['s3:ListBucket'], buckets);
}

/** Lets the worker put the parts of an upload together. It reads them, as all of `uploads/`, anyway. */
function grantAssembling(
  worker: lambda.Function,
  { table, bucket, prefixes }: HandlerResources,
): void {
  allowItems(worker, ['dynamodb:GetItem', 'dynamodb:PutItem'], table, [TABLE.uploadPrefix]);
  allowObjects(worker, bucket, prefixes.files, WRITE);
}
