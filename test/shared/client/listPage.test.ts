import {
  BatchWriteCommand,
  type DynamoDBDocumentClient,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { dynamoTable } from '../../../shared/aws/table.ts';
import { DEFAULT_POLICY } from '../../../shared/batch/policy.ts';
import type { Batch } from '../../../shared/batch/record.ts';
import type { Status } from '../../../shared/batch/status.ts';
import { listBatches } from '../../../shared/client/listBatches.ts';
import { listPage, type PageOptions } from '../../../shared/client/listPage.ts';
import { TABLE } from '../../../shared/config.ts';
import { toItem } from '../../../shared/stores/batchItem.ts';
import { batchStore } from '../../../shared/stores/batchStore.ts';
import { providerStateStore, sweepLock } from '../../../shared/stores/sweepStores.ts';
import { type Emulators, startEmulators } from '../../support/emulators.ts';
import { given, NOW } from '../../support/given.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** A table of the shape of 90 days with 1,000 batches a day, with a batch for each hour. */
const DAYS = 90;
const HOURS = DAYS * 24;

let emulators: Emulators;
/** The names of the calls. */
let calls: string[] = [];
let client: DynamoDBDocumentClient;
beforeAll(async () => {
  emulators = await startEmulators();
  client = {
    send: (command: Parameters<DynamoDBDocumentClient['send']>[0]) => {
      calls.push(command.constructor.name.replace('Command', ''));
      return emulators.table.send(command);
    },
  } as DynamoDBDocumentClient;
  await emulators.createTable('full');
  await write(
    'full',
    Array.from({ length: HOURS }, (_, hour) => batchOf(hour)),
  );
  await sweepOf('full');
});
afterAll(() => emulators?.stop());
beforeEach(() => {
  calls = [];
});

/** A batch that was created so many hours ago. One in a hundred failed. */
function batchOf(hour: number): Batch {
  const metadata = { team: hour % 10 === 0 ? 'search' : 'ads' };
  const status: Status = hour % 100 === 0 ? 'failed' : 'completed';
  const provider = hour % 3 === 0 ? 'claude' : 'openai';
  const createdAt = NOW - hour * HOUR;
  return given(status, { ...{ batchId: idOf(hour), createdAt, provider }, spec: { metadata } });
}

const idOf = (hour: number) => `hour-${hour}`;
const idsOf = (...hours: readonly number[]) => hours.map(idOf);
const from = (start: number, length: number, step = 1) =>
  idsOf(...Array.from({ length }, (_, index) => start + index * step));

async function write(table: string, batches: readonly Batch[], isIndexed = true): Promise<void> {
  const items = batches.map((batch) => {
    const {
      [TABLE.createdIndex.partitionKey]: month,
      createdAt,
      ...item
    } = toItem(batch, {
      ...DEFAULT_POLICY,
      partitions: { due: 4, active: 1 },
    });
    return isIndexed ? { ...item, [TABLE.createdIndex.partitionKey]: month, createdAt } : item;
  });
  for (let start = 0; start < items.length; start += 25) {
    const puts = items.slice(start, start + 25).map((Item) => ({ PutRequest: { Item } }));
    await emulators.table.send(new BatchWriteCommand({ RequestItems: { [table]: puts } }));
  }
}

/** The first sweep of this version, or the first of all. */
async function sweepOf(table: string, at = NOW): Promise<void> {
  const lock = sweepLock(dynamoTable(emulators.table, table));
  await lock.acquire('token', at, at + 1);
  await lock.release('token', {}, at);
}

/** A table that an older version has swept. */
async function sweptBefore(table: string): Promise<void> {
  await emulators.table.send(
    new UpdateCommand({
      TableName: table,
      Key: { id: 'lock#sweep' },
      UpdateExpression: 'SET sweptAt = :at, writeToken = :token',
      ExpressionAttributeValues: { ':at': NOW - DAY, ':token': 'of its sweep' },
    }),
  );
}

function connectionTo(table: string) {
  return {
    batches: batchStore(dynamoTable(client, table), DEFAULT_POLICY),
    providerStates: providerStateStore(dynamoTable(client, table)),
    items: dynamoTable(client, table),
    handler: { resources: { table }, providers: ['openai', 'claude'], settings: {} },
  };
}

async function page(options: PageOptions, table = 'full', now = NOW) {
  const { batches, cursor } = await listPage(connectionTo(table), options, now);
  return { ids: batches.map(({ batchId }) => batchId), cursor };
}

/** All pages, and how many there were. */
async function pages(options: PageOptions, table = 'full') {
  const ids: string[] = [];
  let cursor: string | undefined;
  let count = 0;
  do {
    const { ids: more, cursor: next } = await page({ ...options, cursor }, table);
    ids.push(...more);
    cursor = next;
    count += 1;
  } while (cursor !== undefined && count < 200);
  return { ids, count };
}

describe('a page of batches', () => {
  test('ends between batches of one moment, and the next has the others', async () => {
    const ids = ['a', 'b', 'c', 'd', 'e'];
    const createdAt = NOW - HOUR;
    await emulators.createTable('moment');
    await write(
      'moment',
      ids.map((batchId) => given('completed', { batchId, createdAt })),
    );
    await sweepOf('moment', createdAt - DAY * 365);
    const { ids: found } = await pages({ since: new Date(createdAt), limit: 2 }, 'moment');
    expect(found.toSorted()).toEqual(ids);
  });

  test('has the newest, at the cost of one query and one read of what it shows', async () => {
    expect((await page({})).ids).toEqual(from(0, 50));
    expect(calls).toEqual(['Query', 'BatchGet']);
  });

  test('is followed by others, which have each batch once', async () => {
    const { ids } = await pages({ limit: 100 });
    expect(ids).toEqual(from(0, HOURS));
    expect(calls).not.toContain('Scan');
    // One query a page, and one more for each month.
    expect(calls.filter((call) => call === 'Query').length).toBeLessThan(HOURS / 100 + 10);
  });

  test('of a status reads only batches with it', async () => {
    const { ids } = await page({ status: ['failed'], limit: 3 });
    expect(ids).toEqual(from(0, 3, 100));
    expect(calls).toEqual(['Query', 'BatchGet']);
  });

  test('of no status has none, whatever the table makes of an empty list', async () => {
    expect(await page({ status: [] })).toEqual({ ids: [], cursor: undefined });
    expect(calls).toEqual([]);
  });

  test('of a provider, of metadata, and of a time', async () => {
    expect((await page({ provider: 'claude', limit: 3 })).ids).toEqual(idsOf(0, 3, 6));
    expect(
      (await pages({ metadata: { team: 'search' }, limit: 10, since: new Date(NOW - DAY) })).ids,
    ).toEqual(idsOf(0, 10, 20));
    const until = new Date(NOW - DAY).toISOString();
    expect((await page({ until, limit: 2 })).ids).toEqual(idsOf(25, 26));
    const since = new Date(NOW - DAY).toISOString();
    expect((await pages({ since })).ids).toEqual(from(0, 25));
    expect(calls).not.toContain('Scan');
  });

  test('that nothing passes ends after some reads, with a place to go on', async () => {
    const { ids, cursor } = await page({ metadata: { team: 'none' } });
    expect(ids).toEqual([]);
    expect(cursor).toBeDefined();
    expect(calls.length).toBeLessThanOrEqual(40);
    expect((await pages({ metadata: { team: 'none' } })).ids).toEqual([]);
  });

  test.each([
    [{ cursor: 'nonsense' }, 'cursor'],
    [{ limit: 0 }, 'limit'],
    [{ since: 'yesterday' }, 'since'],
  ])('is refused for %o', async (options, name) => {
    await expect(page(options)).rejects.toMatchObject({
      code: 'invalid_input',
      message: expect.stringMatching(new RegExp(`^${name}: `)),
    });
  });

  test('has no parts', async () => {
    await emulators.createTable('parts');
    const range = { start: 0, end: 1 };
    const part = { parentId: 'b1', range };
    await write('parts', [given('split'), given('running', { batchId: 'b1/1', part })]);
    await sweepOf('parts');
    expect((await pages({}, 'parts')).ids).toEqual(['b1']);
  });
});

describe('a table from before the index', () => {
  beforeAll(async () => {
    await emulators.createTable('upgraded');
    await sweptBefore('upgraded');
    await write('upgraded', [30, 31, 32, 33, 34].map(batchOf), false);
    // Written since.
    await write('upgraded', [1, 2, 40].map(batchOf));
    await sweepOf('upgraded');
  });

  test('shows what is in the index without a scan', async () => {
    expect((await page({ limit: 2 }, 'upgraded')).ids).toEqual(idsOf(1, 2));
    expect((await pages({ since: new Date(NOW - 20 * HOUR) }, 'upgraded')).ids).toEqual(
      idsOf(1, 2),
    );
    expect(calls).not.toContain('Scan');
  });

  test('shows the others last, by scans, the newest first', async () => {
    const all = idsOf(1, 2, 40, 30, 31, 32, 33, 34);
    expect((await pages({ limit: 2 }, 'upgraded')).ids).toEqual(all);
    expect((await pages({}, 'upgraded')).ids).toEqual(all);
    const filtered = await pages({ provider: 'claude' }, 'upgraded');
    expect(filtered.ids).toEqual(idsOf(30, 33));
    const listed: string[] = [];
    for await (const { batchId } of listBatches(connectionTo('upgraded'), {}, NOW))
      listed.push(batchId);
    expect(listed.slice(0, 3)).toEqual(idsOf(1, 2, 40));
    expect(listed.toSorted()).toEqual(all.toSorted());
  });

  test('is not scanned once everything from before has expired', async () => {
    const later = NOW + 200 * DAY;
    expect((await page({}, 'upgraded', later)).ids).toEqual([]);
    expect(calls).not.toContain('Scan');
  });

  test('is scanned as a whole as long as it has no index', async () => {
    await emulators.createTable('old', (definition) => {
      const [due, provider] = definition.GlobalSecondaryIndexes ?? [];
      return {
        ...definition,
        AttributeDefinitions: definition.AttributeDefinitions?.filter(
          ({ AttributeName }) => !AttributeName?.startsWith('created'),
        ),
        GlobalSecondaryIndexes: [due, provider].filter((index) => index !== undefined),
      };
    });
    await write('old', [3, 5].map(batchOf), false);
    await write('old', [4].map(batchOf));
    await sweepOf('old');
    expect((await pages({ limit: 2 }, 'old')).ids).toEqual(idsOf(3, 4, 5));
  });
});
