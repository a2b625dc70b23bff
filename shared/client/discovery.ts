import {
  type CloudFormationClient,
  GetTemplateSummaryCommand,
  paginateListStackResources,
} from '@aws-sdk/client-cloudformation';
import { type Settings, settingsSchema } from '../config.ts';
import {
  type HandlerMetadata,
  METADATA_KEY,
  type ResourceIds,
  stackMetadataSchema,
} from '../handlerMetadata.ts';
import { ClientError } from './clientError.ts';

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
