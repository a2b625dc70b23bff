import {
  type CloudFormationClient,
  DescribeStacksCommand,
  GetTemplateSummaryCommand,
  paginateListStackResources,
} from '@aws-sdk/client-cloudformation';
import type { S3Client } from '@aws-sdk/client-s3';
import type { SQSClient } from '@aws-sdk/client-sqs';
import type { AwsAccess } from '../aws/clients/base.ts';
import { dynamodbClient } from '../aws/clients/dynamodb.ts';
import { cloudFormationClient } from '../aws/clients/operator.ts';
import { s3Client } from '../aws/clients/s3.ts';
import { sqsClient } from '../aws/clients/sqs.ts';
import { dynamoTable } from '../aws/table.ts';
import type { OwnPlace } from '../batch/ids.ts';
import { DEFAULT_POLICY } from '../batch/policy.ts';
import type { BatchStore } from '../batch/ports.ts';
import {
  type HandlerMetadata,
  METADATA_KEY,
  type ResourceIds,
  stackMetadataSchema,
} from '../handlerMetadata.ts';
import type { ProviderStateStore } from '../quota/providerState.ts';
import { batchStore } from '../stores/batchStore.ts';
import type { ItemTable } from '../stores/itemTable.ts';
import { providerStateStore } from '../stores/sweepStores.ts';
import { ClientError } from './clientError.ts';

/** A deployed handler with the physical ids of its resources. */
export interface Handler {
  /** Name or ARN of its stack. */
  readonly stack: string;
  /** Path of the construct in its app. */
  readonly path: string;
  /** Names of the table, the bucket and the functions; URLs of the queues. */
  readonly resources: ResourceIds;
  /** What the keys of its objects begin with in the bucket. Undefined if it has no `bucketPrefix`. */
  readonly bucketPrefix?: string | undefined;
  /** Provider entry → ARN or name of its secret, if it has one. */
  readonly secrets: Readonly<Record<string, string>>;
  /** Names of the provider entries, the default first. */
  readonly providers: readonly string[];
  /** Provider entry → its limits. Undefined if it was deployed before they were recorded. */
  readonly limits?: HandlerMetadata['limits'];
  /** Of a local stack: directory of the functions' logs. */
  readonly logDirectory?: string | undefined;
  /** Version of the deployed package; undefined if it was deployed before versions were recorded. */
  readonly version: string | undefined;
  /** The settings of the functions, as they are deployed. They are not validated. */
  readonly settings: HandlerMetadata['settings'];
}

/**
 * Finds a handler by the metadata in the template of its stack.
 *
 * @param path path of the construct. Required if the stack has several handlers
 * @throws ClientError if there is no such stack or handler, or several handlers and no path
 */
export async function discoverHandler(
  client: CloudFormationClient,
  stack: string,
  path?: string,
): Promise<Handler> {
  const handlers = await readMetadata(client, stack);
  const [chosen, metadata] = choose(stack, handlers, path);
  const physicalIds = await readPhysicalIds(client, stack, Object.values(metadata.resources));
  const resolve = (ids: Readonly<Record<string, string | undefined>>): Record<string, string> =>
    Object.fromEntries(
      Object.entries(ids).flatMap(([name, id]) =>
        id === undefined ? [] : [[name, physicalIds.get(id) ?? id]],
      ),
    );
  const { resources, bucketPrefix, secrets, settings, version, limits } = metadata;
  const { providers } = settings;
  return {
    stack,
    path: chosen,
    resources: resolve(resources) as ResourceIds,
    bucketPrefix,
    secrets: resolve(secrets),
    providers: typeof providers === 'object' && providers !== null ? Object.keys(providers) : [],
    limits,
    version,
    settings,
  };
}

async function readMetadata(
  client: CloudFormationClient,
  stack: string,
): Promise<Readonly<Record<string, HandlerMetadata>>> {
  const { Metadata: text = '{}' } = await client
    .send(new GetTemplateSummaryCommand({ StackName: stack }))
    .catch((error: unknown) => {
      if (isMissingRegion(error)) {
        const message =
          'no AWS region: pass one as region, or set AWS_REGION (AWS_DEFAULT_REGION is not read)';
        throw new ClientError('no_region', message, { cause: error });
      }
      if (!isUnknownStack(error)) throw error;
      const message = `there is no stack ${stack} in this account and region`;
      throw new ClientError('unknown_stack', message, { cause: error });
    });
  return stackMetadataSchema.parse(JSON.parse(text))[METADATA_KEY];
}

/** The SDK throws a general Error. */
function isMissingRegion(error: unknown): boolean {
  return error instanceof Error && /region is missing/i.test(error.message);
}

/** CloudFormation reports it as a general ValidationError. */
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
      `stack ${stack} has no Batch Handler, or one of a version without metadata: deploy it again`,
    );
  if (path !== undefined)
    throw new ClientError(
      'unknown_handler',
      `stack ${stack} has no handler ${path}: use one of ${paths}`,
    );
  throw new ClientError(
    'several_handlers',
    `stack ${stack} has ${all.length} handlers: name one of ${paths}`,
  );
}

/** The handler's part of its bucket. */
export function placeOf({
  resources: { bucket },
  bucketPrefix: prefix,
}: Pick<Handler, 'resources' | 'bucketPrefix'>): OwnPlace {
  return { bucket, prefix };
}

/** @param needed the resources and outputs to find. Outputs, which name what the stack does not own, are only read if one is needed */
async function readPhysicalIds(
  client: CloudFormationClient,
  stack: string,
  needed: readonly (string | undefined)[],
): Promise<ReadonlyMap<string, string>> {
  const ids = new Map<string, string>();
  for await (const { StackResourceSummaries: page = [] } of paginateListStackResources(
    { client },
    { StackName: stack },
  ))
    for (const { LogicalResourceId: logicalId, PhysicalResourceId: physicalId } of page)
      if (logicalId !== undefined && physicalId !== undefined) ids.set(logicalId, physicalId);
  if (needed.every((id) => id === undefined || ids.has(id))) return ids;
  const { Stacks: [described] = [] } = await client.send(
    new DescribeStacksCommand({ StackName: stack }),
  );
  for (const { OutputKey: name, OutputValue: value } of described?.Outputs ?? [])
    if (name !== undefined && value !== undefined) ids.set(name, value);
  return ids;
}

/** A handler, with the clients and stores that read and write its state. */
export interface HandlerConnection {
  readonly handler: Handler;
  /** Region, credentials and endpoint, for further AWS clients. */
  readonly access: AwsAccess;
  readonly batches: BatchStore;
  readonly providerStates: ProviderStateStore;
  /** The table that the batches and the rest of its state are in. */
  readonly items: ItemTable;
  readonly s3: S3Client;
  readonly sqs: SQSClient;
}

/**
 * @param logDirectory of a local stack: directory of the functions' logs
 * @throws ClientError as `discoverHandler` does
 */
export async function connect(
  access: AwsAccess,
  stack: string,
  handlerPath?: string,
  logDirectory?: string,
): Promise<HandlerConnection> {
  const found = await discoverHandler(cloudFormationClient(access), stack, handlerPath);
  const handler: Handler = { ...found, logDirectory };
  const { table } = handler.resources;
  const items = dynamoTable(dynamodbClient(access), table);
  return {
    handler,
    access,
    items,
    // No record is written here, so the retention in the policy does not matter.
    batches: batchStore(items, DEFAULT_POLICY),
    providerStates: providerStateStore(items),
    s3: s3Client(access),
    sqs: sqsClient(access),
  };
}
