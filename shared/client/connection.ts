import {
  type CloudFormationClient,
  GetTemplateSummaryCommand,
  paginateListStackResources,
} from '@aws-sdk/client-cloudformation';
import type { S3Client } from '@aws-sdk/client-s3';
import type { SQSClient } from '@aws-sdk/client-sqs';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { realBatchStore } from '../aws/batchStore.ts';
import type { AwsAccess } from '../aws/clients/base.ts';
import { dynamodbClient } from '../aws/clients/dynamodb.ts';
import { cloudFormationClient } from '../aws/clients/operator.ts';
import { s3Client } from '../aws/clients/s3.ts';
import { sqsClient } from '../aws/clients/sqs.ts';
import { realProviderStateStore } from '../aws/providerStateStore.ts';
import type { BatchStore } from '../batch/ports.ts';
import { DEFAULT_POLICY, type Settings, settingsSchema } from '../config.ts';
import {
  type HandlerMetadata,
  METADATA_KEY,
  type ResourceIds,
  stackMetadataSchema,
} from '../handlerMetadata.ts';
import type { ProviderStateStore } from '../quota/providerState.ts';

/** A deployed handler, with the physical ids of its resources. */
export interface Handler {
  readonly stack: string;
  /** Path of the construct in its app. */
  readonly path: string;
  /** Names of tables, buckets and functions, URLs of queues. */
  readonly resources: ResourceIds;
  /** Provider entry → ARN of its secret, where that is known. */
  readonly secrets: Readonly<Record<string, string>>;
  /** Names of the provider entries, the default first. */
  readonly providers: readonly string[];
  /** Of the package that was deployed; undefined if it does not say. */
  readonly version: string | undefined;
  /** What the functions run with. Throws Error if they are newer than this code. */
  settings(): Settings;
}

/**
 * Finds a handler by what its stack says of it.
 *
 * @param path the construct's, in a stack with several handlers
 * @throws ClientError
 */
export async function discoverHandler(
  client: CloudFormationClient,
  stack: string,
  path?: string,
): Promise<Handler> {
  const handlers = await readMetadata(client, stack);
  const [chosen, metadata] = choose(stack, handlers, path);
  const physicalIds = await readPhysicalIds(client, stack);
  const resolve = (ids: Readonly<Record<string, string | undefined>>): Record<string, string> =>
    Object.fromEntries(
      Object.entries(ids).flatMap(([name, id]) =>
        id === undefined ? [] : [[name, physicalIds.get(id) ?? id]],
      ),
    );
  const { resources, secrets, settings, version } = metadata;
  const { providers } = settings;
  return {
    stack,
    path: chosen,
    resources: resolve(resources) as ResourceIds,
    secrets: resolve(secrets),
    providers: typeof providers === 'object' && providers !== null ? Object.keys(providers) : [],
    version,
    settings: () => readSettings(stack, metadata),
  };
}

async function readMetadata(
  client: CloudFormationClient,
  stack: string,
): Promise<Readonly<Record<string, HandlerMetadata>>> {
  const { Metadata: text = '{}' } = await client
    .send(new GetTemplateSummaryCommand({ StackName: stack }))
    .catch((error: unknown) => {
      if (!isUnknownStack(error)) throw error;
      const message = `there is no stack ${stack} in this account and region`;
      throw new ClientError('unknown_stack', message, { cause: error });
    });
  return stackMetadataSchema.parse(JSON.parse(text))[METADATA_KEY];
}

/** CloudFormation has no error of its own for it. */
function isUnknownStack(error: unknown): boolean {
  return error instanceof Error && /does not exist/.test(error.message);
}

function choose(
  stack: string,
  handlers: Readonly<Record<string, HandlerMetadata>>,
  path: string | undefined,
): [string, HandlerMetadata] {
  const all = Object.entries(handlers);
  const [first, ...others] = path === undefined ? all : all.filter(([each]) => each === path);
  if (first !== undefined && others.length === 0) return first;
  const paths = all.map(([each]) => each).join(', ');
  if (all.length === 0)
    throw new ClientError(
      'no_handler',
      `stack ${stack} holds no Batch Handler, or one of before it described itself: deploy it again`,
    );
  if (path !== undefined)
    throw new ClientError(
      'unknown_handler',
      `stack ${stack} has no handler ${path}: use one of ${paths}`,
    );
  throw new ClientError(
    'several_handlers',
    `stack ${stack} holds ${all.length} handlers: name one of ${paths}`,
  );
}

async function readPhysicalIds(
  client: CloudFormationClient,
  stack: string,
): Promise<ReadonlyMap<string, string>> {
  const ids = new Map<string, string>();
  for await (const { StackResourceSummaries: page = [] } of paginateListStackResources(
    { client },
    { StackName: stack },
  ))
    for (const { LogicalResourceId: logicalId, PhysicalResourceId: physicalId } of page)
      if (logicalId !== undefined && physicalId !== undefined) ids.set(logicalId, physicalId);
  return ids;
}

function readSettings(stack: string, { settings }: HandlerMetadata): Settings {
  const parsed = settingsSchema.safeParse(settings);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw new Error(
    `stack ${stack} was deployed by another version of Batch Handler: ${issues.join('; ')}`,
  );
}

/** A handler that was found, and what reads and writes its state. */
export interface HandlerConnection {
  readonly handler: Handler;
  /** For clients of other services. */
  readonly access: AwsAccess;
  readonly batches: BatchStore;
  readonly providerStates: ProviderStateStore;
  readonly dynamodb: DynamoDBDocumentClient;
  readonly s3: S3Client;
  readonly sqs: SQSClient;
}

/** @throws ClientError if there is no such handler */
export async function connect(
  access: AwsAccess,
  stack: string,
  handlerPath?: string,
): Promise<HandlerConnection> {
  const handler = await discoverHandler(cloudFormationClient(access), stack, handlerPath);
  const { table } = handler.resources;
  const dynamodb = dynamodbClient(access);
  return {
    handler,
    access,
    dynamodb,
    // Nothing here writes a record, so how long one is kept does not matter.
    batches: realBatchStore(dynamodb, table, DEFAULT_POLICY),
    providerStates: realProviderStateStore(dynamodb, table),
    s3: s3Client(access),
    sqs: sqsClient(access),
  };
}

/** What went wrong, as a stable word for programs. */
export type ClientErrorCode =
  | 'unknown_stack'
  | 'no_handler'
  | 'several_handlers'
  | 'unknown_handler'
  | 'local_stack_not_running'
  | 'invalid_input'
  | 'unknown_batch'
  | 'batch_exists'
  | 'not_possible'
  | 'no_rows'
  | 'refused'
  | 'timeout';

/** Something that the caller can put right. The message is one line: the value and the fix. */
export class ClientError extends Error {
  override readonly name = 'ClientError';
  readonly code: ClientErrorCode;
  constructor(code: ClientErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
