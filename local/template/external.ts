import { TABLE } from '../../shared/config.ts';
import { METADATA_KEY, stackMetadataSchema } from '../../shared/handlerMetadata.ts';
import { type Account, arnOf } from './account.ts';
import { type Assembly, stacksOf } from './assembly.ts';
import type { Named } from './identities.ts';
import { resolve, type StackScope } from './intrinsics.ts';
import type { TableProperties } from './schemas.ts';

/** A resource of a handler that no stack of the run creates: it was imported by its name. */
interface External {
  readonly part: 'table' | 'bucket' | 'batchQueue' | 'deadLetterQueue';
  readonly name: string;
  /** Of a queue: its URL and its ARN in AWS, and here. */
  readonly places: readonly { readonly there: string; readonly here: string }[];
}

const PARTS = ['table', 'bucket', 'batchQueue', 'deadLetterQueue'] as const;

/**
 * The resources of handlers that outputs name, because their stack does not own them. Those of other
 * stacks of the run are among them: they exist by the same name.
 */
export function externalsOf(
  assembly: Assembly,
  scopes: readonly StackScope[],
  account: Account,
): readonly External[] {
  return stacksOf(assembly).flatMap(({ template }, index) => {
    const scope = scopes[index];
    if (scope === undefined) return [];
    const { [METADATA_KEY]: handlers } = stackMetadataSchema.parse(template.Metadata);
    return Object.values(handlers).flatMap(({ resources }) =>
      PARTS.flatMap((part) => {
        const id = resources[part];
        const output =
          id === undefined || id in template.Resources ? undefined : template.Outputs[id];
        if (output === undefined) return [];
        return [externalOf(part, String(resolve(output.Value, scope)), account)];
      }),
    );
  });
}

/** `https://sqs.<region>.<suffix>/<account>/<name>` */
const QUEUE_URL = /^https:\/\/sqs\.([^.]+)\.[^/]+\/(\d+)\/([^/]+)$/;

function externalOf(part: External['part'], value: string, account: Account): External {
  const [, region = '', accountId = '', name = ''] = QUEUE_URL.exec(value) ?? [];
  if (name === '') return { part, name: value.slice(value.lastIndexOf('/') + 1), places: [] };
  const there = arnOf({ ...account, region, accountId }, 'sqs', name);
  return {
    part,
    name,
    places: [
      { there: value, here: `${account.queueBaseUrl}/${account.accountId}/${name}` },
      { there, here: arnOf(account, 'sqs', name) },
    ],
  };
}

/** Replaces the URLs and ARNs of imported queues in a resolved value by those of the run. */
export function localized(value: unknown, externals: readonly External[]): unknown {
  if (typeof value === 'string') {
    const places = externals.flatMap((external) => external.places);
    return places.find(({ there }) => there === value)?.here ?? value;
  }
  if (Array.isArray(value)) return value.map((item) => localized(item, externals));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, item]) => [key, localized(item, externals)]);
  return Object.fromEntries(entries);
}

/** The resources that the run creates in place of imported ones, by their names. */
export function importedResources(
  externals: readonly External[],
  account: Account,
  own: readonly Named[],
) {
  const missing = externals.filter(({ name }) => !own.some((each) => each.name === name));
  const of = (...parts: readonly External['part'][]) =>
    missing.filter(({ part }) => parts.includes(part));
  const named = (name: string, arn: string) => ({ logicalId: name, name, arn });
  const dead = of('deadLetterQueue')[0];
  return {
    tables: of('table').map(({ name }) => ({
      ...handlerTable(),
      ...named(name, arnOf(account, 'dynamodb', `table/${name}`)),
    })),
    buckets: of('bucket').map(({ name }) => ({
      ...named(name, `arn:${account.partition}:s3:::${name}`),
      // As its owner has to turn on for the inbox.
      notifiesEventBridge: true,
    })),
    queues: of('batchQueue', 'deadLetterQueue').map(({ name, part }) => ({
      ...named(name, arnOf(account, 'sqs', name)),
      url: `${account.queueBaseUrl}/${account.accountId}/${name}`,
      VisibilityTimeout: IMPORTED_VISIBILITY_SECONDS,
      DelaySeconds: 0,
      RedrivePolicy:
        part === 'batchQueue' && dead
          ? { deadLetterTargetArn: arnOf(account, 'sqs', dead.name), maxReceiveCount: 5 }
          : undefined,
    })),
  };
}

/** What the handler asks of a queue that it is given. */
const IMPORTED_VISIBILITY_SECONDS = 360;

/** The table that the handler needs, which an imported one has to be. */
function handlerTable(): TableProperties {
  const { dueIndex, providerIndex, createdIndex, partitionKey, timeToLive } = TABLE;
  const key = (AttributeName: string, KeyType: 'HASH' | 'RANGE') => ({ AttributeName, KeyType });
  const indexes = [dueIndex, providerIndex, createdIndex].map((index) => ({
    IndexName: index.name,
    KeySchema: [
      key(index.partitionKey, 'HASH'),
      ...('sortKey' in index ? [key(index.sortKey, 'RANGE')] : []),
    ],
    Projection: { ProjectionType: 'INCLUDE' as const, NonKeyAttributes: [...index.projected] },
  }));
  const KeySchema = [key(partitionKey, 'HASH')];
  const keys = [KeySchema, ...indexes.map((index) => index.KeySchema)].flat();
  const names = [...new Set(keys.map(({ AttributeName }) => AttributeName))];
  return {
    KeySchema,
    AttributeDefinitions: names.map((AttributeName) => ({
      AttributeName,
      AttributeType: 'S' as const,
    })),
    GlobalSecondaryIndexes: indexes,
    TimeToLiveSpecification: { AttributeName: timeToLive, Enabled: true },
  };
}
