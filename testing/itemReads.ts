import type {
  Condition,
  Item,
  ItemTable,
  ScanFilter,
  WrittenItem,
} from '../shared/stores/itemTable.ts';
import { NOW, numbered } from './batches.ts';
import { ODD_TEXTS } from './batchValues.ts';
import { type Duty, eventually, type Given, same } from './contract.ts';
import { fill, idsOf } from './itemQueries.ts';

export const ABSENT: Condition = { is: 'absent' };

export function item(
  writeToken: string,
  attributes: Readonly<Record<string, unknown>> = {},
): WrittenItem {
  return { id: 'batch#b1', writeToken, ...attributes };
}

export const token = (writeToken: string): Condition => ({ is: 'token', writeToken });

const ODD_IDS = [
  ...['batch#b1', 'batch#B1', 'batch#b1/1', 'batch#b1.1', 'batch#b1 ', 'b', 'ü', 'u\u0308'],
  ...['😀', '%', '_', "it's", '"', '\\', '__proto__', 'x'.repeat(1_000)],
];

export const readDuties: readonly Duty<Given<ItemTable>>[] = [
  {
    method: 'get',
    does: 'returns attributes of every type as they were written',
    async check({ first, other }) {
      const odd = item('t1', {
        ...{ ...ODD_TEXTS, yes: true, no: false, zero: 0, negative: -1.5, tenth: 0.1 },
        ...{ time: NOW + 0.5, most: Number.MAX_SAFE_INTEGER, least: Number.MIN_SAFE_INTEGER },
        ...{ texts: Object.values(ODD_TEXTS), none: [], digits: '007', word: 'true' },
        ...{ object: { 'open#1': 'x', quote: '"', empty: '' }, nothing: {} },
        ...{ constructor: 'c', toString: 'ü', record: JSON.stringify({ __proto__: null, a: [1] }) },
      });
      same('put', await first.put(odd, ABSENT), true);
      same('the item', await other.get('batch#b1'), odd);
      same('the item of getMany', (await other.getMany(['batch#b1']))[0] ?? odd, odd);
    },
  },
  {
    method: 'get',
    does: 'returns an item of 390 KB',
    async check({ first, other }) {
      const record = 'ü'.repeat(195_000);
      await first.put(item('t1', { record }), ABSENT);
      const stored = await other.get('batch#b1');
      same('whether its text is as it was', stored?.record === record, true);
    },
  },
  {
    method: 'get',
    does: 'tells ids apart by every character, also by case',
    async check({ first, other }) {
      for (const id of ODD_IDS)
        same(`put of ${id}`, await first.put({ id, writeToken: id }, ABSENT), true);
      for (const id of ODD_IDS) same(`the item ${id}`, await other.get(id), { id, writeToken: id });
    },
  },
  {
    method: 'get',
    does: 'shows every write that has completed, on every connection; so does getMany',
    async check({ first, other }) {
      await first.put(item('t0'), ABSENT);
      for (let round = 1; round <= 20; round++) {
        await first.put(item(`t${round}`), token(`t${round - 1}`));
        const { writeToken } = (await other.get('batch#b1')) ?? {};
        same('the token by get', writeToken, `t${round}`);
        // It may leave an item out, but it may not be behind.
        for (const found of await other.getMany(['batch#b1']))
          same('the token by getMany', found.writeToken, `t${round}`);
      }
    },
  },
  {
    method: 'getMany',
    does: 'reads 100 items, each once, and leaves out those that are not there',
    async check({ first, other }) {
      const ids = numbered(100, 'batch#');
      for (const id of ids) await first.put({ id, writeToken: 't' }, ABSENT);
      const idsOf = (items: readonly Item[]) => items.map(({ id }) => id).sort();
      await eventually(async () => same('the ids', idsOf(await other.getMany(ids)), ids));
      const some = ['batch#007', 'none', 'batch#007', 'batch#008'];
      await eventually(async () => {
        const found = idsOf(await first.getMany(some));
        same('the ids of a list with repetitions', found, ['batch#007', 'batch#008']);
      });
      same('the items of no ids', await first.getMany([]), []);
    },
  },
];

export const scanDuties: readonly Duty<Given<ItemTable>>[] = [
  {
    method: 'scan',
    does: 'yields all items that pass the filter, whole, each once',
    async check({ first, other }) {
      const ids = numbered(120, 'batch#');
      const entries = ids.map((id, index) => [
        id,
        { status: index % 2 ? 'queued' : 'failed', ...(index % 3 === 0 && { createdMonth: 'm' }) },
      ]);
      await fill(first, Object.fromEntries(entries));
      await fill(first, { 'batch#000/1': { status: 'queued' }, 'Batch#1': {}, 'once#1': {} });
      const indexes = (keep: (index: number) => boolean) => ids.filter((_, index) => keep(index));
      const cases: readonly [ScanFilter, readonly string[]][] = [
        [{ idPrefix: 'batch#' }, [...ids, 'batch#000/1']],
        [{ idPrefix: 'batch#', idWithout: '/' }, ids],
        [{ idPrefix: 'batch#00' }, [...ids.slice(0, 10), 'batch#000/1']],
        [
          { idPrefix: 'batch#', idWithout: '/', where: { status: ['queued'] } },
          indexes((i) => i % 2 === 1),
        ],
        [
          { idPrefix: 'batch#', idWithout: '/', without: 'createdMonth' },
          indexes((i) => i % 3 > 0),
        ],
        [
          { idPrefix: 'batch#', where: { status: ['queued', 'other'] }, without: 'createdMonth' },
          ['batch#000/1', ...indexes((i) => i % 2 === 1 && i % 3 > 0)],
        ],
        [{ idPrefix: 'none#' }, []],
        [{ idPrefix: 'batch%' }, []],
        [{ idPrefix: 'batch_' }, []],
      ];
      for (const [filter, expected] of cases)
        await eventually(async () => {
          const found: Item[] = [];
          for await (const page of other.scan(filter)) found.push(...page);
          const what = `the items of ${JSON.stringify(filter)}`;
          same(what, idsOf(found).sort(), [...expected].sort());
          same(
            `whether ${what} have a token`,
            found.every((one) => one.writeToken === 't'),
            true,
          );
        });
    },
  },
];
