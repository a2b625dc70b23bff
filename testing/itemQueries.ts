import type { IndexPosition, IndexQuery, Item, ItemTable } from '../shared/stores/itemTable.ts';
import { numbered } from './batches.ts';
import { type Duty, eventually, type Given, same } from './contract.ts';

type Query = Omit<IndexQuery, 'limit' | 'after'>;

/** All pages of a query, each with at most `limit` items. */
async function all(table: ItemTable, query: Query, limit: number): Promise<Item[]> {
  const items: Item[] = [];
  let after: IndexPosition | undefined;
  for (let pages = 0; pages < 2_000; pages++) {
    const page = await table.query({ ...query, limit, after });
    same(`whether a page has at most ${limit} items`, page.items.length <= limit, true);
    items.push(...page.items);
    if (!page.last) return items;
    after = page.last;
  }
  throw new Error('the query did not end after 2,000 pages: the last one must have no position');
}

export const idsOf = (items: readonly Item[]) => items.map(({ id }) => id);

/** Waits until the index has caught up with the writes before. */
async function shows(table: ItemTable, query: Query, ids: readonly string[]): Promise<void> {
  await eventually(async () => {
    const found = idsOf(await all(table, query, 100)).sort();
    same(`the items of ${query.index} ${query.partition}`, found, [...ids].sort());
  });
}

/** Puts items, by id, with their attributes. */
export async function fill(
  table: ItemTable,
  items: Readonly<Record<string, object>>,
): Promise<void> {
  await Promise.all(
    Object.entries(items).map(([id, attributes]) =>
      table.put({ id, writeToken: 't', ...attributes }, { is: 'absent' }),
    ),
  );
}

const due = (partition: string): Query => ({ index: 'due', partition });

/** Compares as UTF-8 does, which JavaScript's comparison of texts does not above U+FFFF. */
const byBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));

export const queryDuties: readonly Duty<Given<ItemTable>>[] = [
  {
    method: 'query',
    does: 'lists a partition by sort key, compared by bytes, in both directions',
    async check({ first, other }) {
      const keys = ['10', '2', '499#0', '#', '-', 'A', 'Z', '_', 'a', 'z', 'ü', '\uff5e', '😀'];
      await fill(first, Object.fromEntries(keys.map((dueAt) => [dueAt, { queue: 'q', dueAt }])));
      await shows(other, due('q'), keys);
      const sorted = keys.toSorted(byBytes);
      for (const limit of [1, 2, 100]) {
        same('ascending', idsOf(await all(other, due('q'), limit)), sorted);
        const descending = { ...due('q'), isDescending: true };
        same('descending', idsOf(await all(other, descending, limit)), sorted.toReversed());
      }
    },
  },
  {
    method: 'query',
    does: 'lists from the first to the last sort key, both included',
    async check({ first, other }) {
      const ids = numbered(10);
      await fill(first, Object.fromEntries(ids.map((id) => [id, { queue: 'q', dueAt: id }])));
      await shows(other, due('q'), ids);
      const bounds = [
        ...[{ from: 'b003' }, { until: 'b003' }, { from: 'b002', until: 'b004' }],
        ...[{ from: 'b004', until: 'b004' }, { from: 'b0035', until: 'b0055' }, { from: 'c' }],
        ...[{ from: 'b005', until: 'b004' }, { until: 'a' }],
      ];
      for (const bound of bounds) {
        const { from = '', until = '~' } = bound;
        const expected = ids.filter((id) => id >= from && id <= until);
        for (const limit of [2, 100]) {
          const what = JSON.stringify(bound);
          same(what, idsOf(await all(other, { ...due('q'), ...bound }, limit)), expected);
          const descending = { ...due('q'), ...bound, isDescending: true };
          const found = idsOf(await all(other, descending, limit));
          same(`${what} descending`, found, expected.toReversed());
        }
      }
    },
  },
  {
    method: 'query',
    does: 'pages through items with equal sort keys, each once and always in the same order',
    async check({ first, other }) {
      const ids = numbered(40);
      const keyOf = (index: number) => `key ${Math.floor(index / 15)}`;
      const entries = ids.map((id, index) => [id, { queue: 'q', dueAt: keyOf(index) }]);
      await fill(first, Object.fromEntries(entries));
      await shows(other, due('q'), ids);
      const whole = idsOf(await all(other, due('q'), 100));
      for (const limit of [1, 2, 7, 40]) {
        const paged = idsOf(await all(first, due('q'), limit));
        same(`the order in pages of ${limit}`, paged, whole);
        const descending = { ...due('q'), isDescending: true };
        const back = idsOf(await all(first, descending, limit));
        same(`what pages of ${limit} have, descending`, back.toSorted(), ids);
      }
    },
  },
  {
    method: 'query',
    does: 'goes on after a position whose item is gone',
    async check({ first, other }) {
      const ids = numbered(6);
      const attributes = (index: number) => ({ queue: 'q', dueAt: `key ${index % 2}` });
      await fill(first, Object.fromEntries(ids.map((id, index) => [id, attributes(index)])));
      await shows(other, due('q'), ids);
      const whole = idsOf(await all(other, due('q'), 100));
      const { items, last } = await other.query({ ...due('q'), limit: 2 });
      same('the first page', idsOf(items), whole.slice(0, 2));
      for (const { id } of items) await first.remove(id, 't');
      await shows(other, due('q'), whole.slice(2));
      const rest = await other.query({ ...due('q'), limit: 100, after: last });
      same('what follows', idsOf(rest.items), whole.slice(2));
    },
  },
  {
    method: 'query',
    does: 'lists an item in the partition that it names now, and in none without both keys',
    async check({ first, other }) {
      await fill(first, {
        ...{ a: { queue: 'one', dueAt: '1' }, b: { queue: 'two', dueAt: '1' } },
        ...{
          keyless: { queue: 'one' },
          queueless: { dueAt: '1' },
          upper: { queue: 'ONE', dueAt: '1' },
        },
      });
      await shows(other, due('one'), ['a']);
      await shows(other, due('two'), ['b']);
      await shows(other, due('ONE'), ['upper']);
      await first.put(
        { id: 'a', writeToken: 'u', queue: 'two', dueAt: '0' },
        { is: 'token', writeToken: 't' },
      );
      await shows(other, due('one'), []);
      await shows(other, due('two'), ['a', 'b']);
      await first.put({ id: 'a', writeToken: 'v' }, { is: 'token', writeToken: 'u' });
      await first.remove('b', 't');
      await shows(other, due('two'), []);
    },
  },
  {
    method: 'query',
    does: 'shows the keys and the projected attributes of the item',
    async check({ first, other }) {
      const shown = {
        ...{ status: 'queued', statusAt: 1.5, model: 'ü', estimatedTokens: 7, requests: 0 },
        ...{ deadlineAt: 9, providers: ['a', 'b'], expectedInput: 1, expectedOutput: 2 },
      };
      const place = {
        queue: 'q',
        dueAt: '1',
        activeProvider: 'openai',
        jobId: 'j',
        isPending: false,
      };
      const made = { createdMonth: '2027-01', createdAt: '000000000000001', provider: 'openai' };
      await fill(first, { a: { ...shown, ...place, ...made } });
      await shows(other, due('q'), ['a']);
      const [hint] = await all(other, due('q'), 1);
      same('an item of due', pick(hint, { ...shown, queue: 0, dueAt: 0 }), {
        ...shown,
        ...{ queue: 'q', dueAt: '1' },
      });
      const active: Query = { index: 'provider', partition: 'openai' };
      await shows(other, active, ['a']);
      const expected = { activeProvider: 'openai', jobId: 'j', isPending: false, model: 'ü' };
      same('an item of provider', pick((await all(other, active, 1))[0], expected), expected);
      const created: Query = { index: 'created', partition: '2027-01' };
      await shows(other, created, ['a']);
      const listed = { ...made, status: 'queued' };
      same('an item of created', pick((await all(other, created, 1))[0], listed), listed);
    },
  },
  {
    method: 'query',
    does: 'pages through an index without a sort key',
    async check({ first, other }) {
      const ids = numbered(25);
      const entries = ids.map((id) => [id, { activeProvider: 'openai' }]);
      await fill(first, { ...Object.fromEntries(entries), other: { activeProvider: 'azure' } });
      const active: Query = { index: 'provider', partition: 'openai' };
      await shows(other, active, ids);
      const whole = idsOf(await all(other, active, 100));
      for (const limit of [1, 2, 25])
        same(`the items in pages of ${limit}`, idsOf(await all(other, active, limit)), whole);
    },
  },
  {
    method: 'query',
    does: 'keeps the items that have one of the values of every attribute, and reads on after them',
    async check({ first, other }) {
      const entries = numbered(30).map((id, index) => [
        id,
        {
          ...{ createdMonth: '2027-01', createdAt: id, provider: index % 3 ? 'a' : 'b' },
          ...(index % 5 > 0 && { status: `s${index % 5}` }),
        },
      ]);
      await fill(first, Object.fromEntries(entries));
      const created: Query = { index: 'created', partition: '2027-01' };
      await shows(other, created, numbered(30));
      const where = { status: ['s1', 's2'], provider: ['b'] };
      for (const limit of [1, 4, 100]) {
        const found = idsOf(await all(other, { ...created, where }, limit));
        same(`what is kept in pages of ${limit}`, found, ['b006', 'b012', 'b021', 'b027']);
      }
      const none = await all(other, { ...created, where: { status: ['S1'] } }, 7);
      same('what has a value of another case', idsOf(none), []);
    },
  },
];

/** Of an item, the attributes that `names` has. */
function pick(item: Item | undefined, names: object): Record<string, unknown> {
  return Object.fromEntries(Object.keys(names).map((name) => [name, item?.[name]]));
}
