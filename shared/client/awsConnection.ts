import {
  type CloudFormationClient,
  DescribeStacksCommand,
  GetTemplateSummaryCommand,
  paginateListStackResources,
} from '@aws-sdk/client-cloudformation';
import { realClientObjects } from '../aws/clientObjects.ts';
import { realClientQueues } from '../aws/clientQueues.ts';
import type { AwsAccess } from '../aws/clients/base.ts';
import { dynamodbClient } from '../aws/clients/dynamodb.ts';
import { cloudFormationClient } from '../aws/clients/operator.ts';
import { s3Client } from '../aws/clients/s3.ts';
import { sqsClient } from '../aws/clients/sqs.ts';
import { dynamoTable } from '../aws/table.ts';
import { DEFAULT_POLICY } from '../batch/policy.ts';
import {
  type HandlerMetadata,
  METADATA_KEY,
  type ResourceIds,
  shardsOf,
  stackMetadataSchema,
} from '../handlerMetadata.ts';
import { batchStore } from '../stores/batchStore.ts';
import { providerStateStore } from '../stores/sweepStores.ts';
import { ClientError } from './clientError.ts';
import {
  type AwsHandler,
  entryNames,
  type Handler,
  type HandlerConnection,
  placeOf,
} from './connection.ts';
import { type ClientPorts, withPorts } from './replacedPorts.ts';

/** A handler as its stack describes it. */
export interface DiscoveredHandler
  extends Pick<Handler, 'providers' | 'limits' | 'version' | 'settings'>,
    Omit<AwsHandler, 'access'> {
  /** The ports that the handler has replaced by those of its user. */
  readonly replaced: readonly string[];
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
): Promise<DiscoveredHandler> {
  const handlers = await readMetadata(client, stack);
  const [chosen, metadata] = choose(stack, handlers, path);
  const physicalIds = await readPhysicalIds(client, stack, Object.values(metadata.resources));
  const resolve = (ids: Readonly<Record<string, string | undefined>>): Record<string, string> =>
    Object.fromEntries(
      Object.entries(ids).flatMap(([name, id]) =>
        id === undefined ? [] : [[name, physicalIds.get(id) ?? id]],
      ),
    );
  const { resources, bucketPrefix, secrets, settings, version, limits, replaced } = metadata;
  return {
    stack,
    path: chosen,
    resources: resolve(resources) as ResourceIds,
    bucketPrefix,
    secrets: resolve(secrets),
    providers: entryNames(settings),
    limits,
    version,
    settings,
    replaced,
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
  if (needed.every((id) => !id || ids.has(id))) return ids;
  const { Stacks: [described] = [] } = await client.send(
    new DescribeStacksCommand({ StackName: stack }),
  );
  for (const { OutputKey: name, OutputValue: value } of described?.Outputs ?? [])
    if (name !== undefined && value !== undefined) ids.set(name, value);
  return ids;
}

export interface AwsConnectionOptions {
  readonly path?: string | undefined;
  readonly logDirectory?: string | undefined;
  readonly ports?: ClientPorts | undefined;
}

/**
 * Connects to a handler in AWS or in a local stack.
 *
 * @param options.path of the construct. Required if the stack has several handlers
 * @param options.logDirectory of a local stack: directory of the functions' logs
 * @param options.ports those that its user has replaced
 * @throws ClientError as `discoverHandler` does
 */
export async function connectAws(
  access: AwsAccess,
  stack: string,
  { path: wanted, logDirectory, ports }: AwsConnectionOptions = {},
): Promise<HandlerConnection> {
  const found = await discoverHandler(cloudFormationClient(access), stack, wanted);
  const { stack: name, path, resources, bucketPrefix, secrets, replaced, ...handler } = found;
  const aws: AwsHandler = { access, stack, path, resources, bucketPrefix, secrets };
  const items = dynamoTable(dynamodbClient(access), resources.table);
  const connection: HandlerConnection = {
    handler: { ...handler, name, processorLog: processorLogOf(resources, logDirectory) },
    aws,
    items,
    // No record is written here, so the retention in the policy does not matter.
    batches: batchStore(items, { ...DEFAULT_POLICY, shards: shardsOf(found.settings) }),
    providerStates: providerStateStore(items),
    objects: realClientObjects(s3Client(access), placeOf(aws)),
    queues: realClientQueues(sqsClient(access), queuePairs(resources)),
  };
  return withPorts(connection, ports ?? {}, replaced);
}

const DEAD_LETTER_QUEUES = {
  batch: 'deadLetterQueue',
  work: 'workDeadLetterQueue',
  outcome: 'outcomeDeadLetterQueue',
  collector: 'collectorDeadLetterQueue',
} as const;

/** The URLs of a handler's queues. One without a collector has none for it. */
function queuePairs(resources: ResourceIds): Parameters<typeof realClientQueues>[1] {
  const names = ['batch', 'work', 'outcome', 'collector'] as const;
  const pairs = names.flatMap((name) => {
    const url = resources[`${name}Queue`];
    const deadLetterUrl = resources[DEAD_LETTER_QUEUES[name]];
    return !url || !deadLetterUrl ? [] : [[name, { url, deadLetterUrl }]];
  });
  return Object.fromEntries(pairs);
}

function processorLogOf(
  { processor, processorLog }: ResourceIds,
  logDirectory: string | undefined,
): string | undefined {
  if (processor === undefined) return undefined;
  if (logDirectory !== undefined) return `${logDirectory}/${processor}.log`;
  return processorLog ?? `/aws/lambda/${processor}`;
}
