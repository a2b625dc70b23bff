import { beforeEach, expect, test } from 'vitest';
import { dynamoTable } from '../../../shared/aws/table.ts';
import { IndexMissingError, type Item, type ItemTable } from '../../../shared/stores/itemTable.ts';
import { freshTable } from '../../support/freshTable.ts';

let table: ItemTable;

const fresh = freshTable();
beforeEach(() => {
  table = fresh.table;
});

async function putAll(items: readonly Item[]): Promise<void> {
  for (const item of items)
    await table.put({ ...item, writeToken: crypto.randomUUID() }, { is: 'absent' });
}

test('a table of before an index says which one is missing', async () => {
  const older = `table-${crypto.randomUUID()}`;
  await fresh.emulators.createTable(older, ({ GlobalSecondaryIndexes: indexes = [], ...rest }) => ({
    ...rest,
    AttributeDefinitions: rest.AttributeDefinitions?.filter(
      ({ AttributeName: name }) => name !== 'createdMonth' && name !== 'createdAt',
    ),
    GlobalSecondaryIndexes: indexes.filter(({ IndexName: name }) => name !== 'created'),
  }));
  const query = { index: 'created', partition: '2027-01', limit: 1 } as const;
  const page = dynamoTable(fresh.emulators.table, older).query(query);
  await expect(page).rejects.toThrow(IndexMissingError);
  await expect(page).rejects.toThrow(/no index created: deploy the handler again/);
});

test('an empty range is an empty page, which DynamoDB would refuse', async () => {
  await putAll([{ id: 'a', queue: 'q', dueAt: '5' }]);
  const query = { index: 'due', partition: 'q', limit: 10 } as const;
  expect(await table.query({ ...query, from: '6', until: '4' })).toEqual({ items: [] });
  expect((await table.query({ ...query, from: '5', until: '5' })).items).toHaveLength(1);
  expect((await table.query({ ...query, from: '6' })).items).toEqual([]);
});

test('a filter applies after the limit, so that an empty page may be followed by others', async () => {
  const items = ['1', '2', '3'].map((dueAt) => ({ id: dueAt, queue: 'q', dueAt, status: dueAt }));
  await putAll(items);
  const query = { index: 'due', partition: 'q', limit: 2, where: { status: ['3', 'x'] } } as const;
  const first = await table.query(query);
  expect(first).toEqual({ items: [], last: { id: '2', sortKey: '2' } });
  const second = await table.query({ ...query, after: first.last });
  expect(second.items.map(({ id }) => id)).toEqual(['3']);
});

test('a scan yields what passes all of its filter, from all segments', async () => {
  const ids = Array.from({ length: 50 }, (_, number) => `a#${number}`);
  await putAll([
    ...ids.map((id) => ({ id, status: 'open' })),
    { id: 'a#part/1', status: 'open' },
    { id: 'a#indexed', status: 'open', createdMonth: '2027-01' },
    { id: 'a#ended', status: 'ended' },
    { id: 'b#1', status: 'open' },
  ]);
  const found: string[] = [];
  const filter = { idPrefix: 'a#', idWithout: '/', where: { status: ['open', 'x'] } };
  for await (const page of table.scan({ ...filter, without: 'createdMonth' }))
    found.push(...page.map(({ id }) => id));
  expect(found.sort()).toEqual(ids.sort());
});
