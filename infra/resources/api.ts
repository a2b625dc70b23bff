import { Duration, Token } from 'aws-cdk-lib';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { TABLE } from '../../shared/config.ts';
import { omitUndefined } from '../../shared/omitUndefined.ts';
import { acknowledgeWildcard } from '../acknowledgements.ts';
import type { ApiProps } from '../apiProps.ts';
import { ConfigurationError } from '../configurationError.ts';
import { allowItems, allowObjects, USER_KEYS_REASON } from './allow.ts';
import { apiPrefixes, grantApi, WRITE_OBJECTS } from './apiGrants.ts';
import {
  createNodeFunction,
  environmentOf,
  type FunctionsProps,
  type HandlerResources,
} from './functions.ts';

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
  grantApi(api, scope, resources);
  acknowledgeObjects(api, resources);
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

/** Each policy on objects holds a wildcard after a prefix. */
function acknowledgeObjects(api: lambda.Function, resources: HandlerResources): void {
  const { written, read } = apiPrefixes(resources);
  const arns = [...written, ...read].map((prefix) => resources.bucket?.arnForObjects(`${prefix}*`));
  for (const arn of arns) if (arn && api.role) acknowledgeWildcard(api.role, arn, USER_KEYS_REASON);
}

/**
 * Lets the worker put the parts of an upload together, and then remove them. It reads them, as all of
 * `uploads/`, anyway.
 */
function grantAssembling(
  worker: lambda.Function,
  { table, bucket, prefixes }: HandlerResources,
): void {
  allowItems(worker, ['dynamodb:GetItem', 'dynamodb:PutItem'], table, [TABLE.uploadPrefix]);
  allowObjects(worker, bucket, prefixes.files, WRITE_OBJECTS);
  allowObjects(worker, bucket, prefixes.uploadParts, ['s3:DeleteObject']);
}
