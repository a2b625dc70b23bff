import { randomUUID } from 'node:crypto';
import type { Condition, ItemTable } from '../shared/stores/itemTable.ts';
import {
  type ContractCase,
  contractOf,
  type Duty,
  type Given,
  type Subject,
  same,
} from './contract.ts';
import { queryDuties } from './itemQueries.ts';
import { ABSENT, item, readDuties, scanDuties, token } from './itemReads.ts';

/** The contract of the table that all stores are built on. */
export function itemTableContract(subject: Subject<ItemTable>): ContractCase[] {
  const duties = [...putDuties, ...readDuties, ...queryDuties, ...scanDuties];
  return contractOf('ItemTable', subject, duties, lostReplyDuties);
}

const version = (stored: number, orAbsent?: boolean): Condition => ({
  ...{ is: 'version', version: stored, schemaVersion: 4 },
  ...(orAbsent !== undefined && { orAbsent }),
});
/** Each of these writers would write if it were alone. Exactly one may. */
async function race(
  { first, other }: Given<ItemTable>,
  condition: Condition,
  attributes: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const name = randomUUID();
  const writes = Array.from({ length: 12 }, (_, index) =>
    (index % 2 ? first : other).put(item(`${name} ${index}`, attributes), condition),
  );
  const results = await Promise.all(writes);
  same('the number of writers that won', results.filter(Boolean).length, 1);
  const winner = `${name} ${results.indexOf(true)}`;
  same('the token of the stored item', (await other.get('batch#b1'))?.writeToken, winner);
  return winner;
}

const putDuties: readonly Duty<Given<ItemTable>>[] = [
  {
    method: 'put',
    does: 'writes an item that must be absent once',
    async check({ first, other }) {
      same('the first put', await first.put(item('t1', { n: 1 }), ABSENT), true);
      same('a second put', await other.put(item('t2', { n: 2 }), ABSENT), false);
      same('the item', await other.get('batch#b1'), item('t1', { n: 1 }));
    },
  },
  {
    method: 'put',
    does: 'writes over the version of its condition, and over no other',
    async check({ first, other }) {
      const at = (t: string, n: number) => item(t, { version: n, schemaVersion: 4 });
      same('over no item', await first.put(at('t0', 1), version(0)), false);
      same('over no item, false', await first.put(at('t0', 1), version(0, false)), false);
      same('or absent, over no item', await first.put(at('t1', 1), version(0, true)), true);
      same('or absent, over another', await other.put(at('t2', 1), version(0, true)), false);
      same('over its version', await other.put(at('t3', 2), version(1)), true);
      same('over a version before', await first.put(at('t4', 2), version(1)), false);
      same('over a version ahead', await first.put(at('t5', 4), version(3)), false);
      same('or absent, over its version', await first.put(at('t6', 3), version(2, true)), true);
      same('the item', await other.get('batch#b1'), at('t6', 3));
    },
  },
  {
    method: 'put',
    does: 'never writes over an item of a newer schema version, or one without a version',
    async check({ first, other }) {
      const newer = item('t1', { version: 1, schemaVersion: 5 });
      await first.put(newer, ABSENT);
      const next = item('t2', { version: 2, schemaVersion: 4 });
      same('over a newer schema', await other.put(next, version(1)), false);
      same('or absent, over a newer schema', await other.put(next, version(1, true)), false);
      same('the newer item', await first.get('batch#b1'), newer);
      const older = item('t3', { version: 2, schemaVersion: 3 });
      same('by its token', await first.put(older, token('t1')), true);
      const after = item('t4', { version: 3, schemaVersion: 4 });
      same('over an older schema', await other.put(after, version(2)), true);
      const bare = item('t5');
      same('of no version, by its token', await first.put(bare, token('t4')), true);
      same('over an item of no version', await other.put(next, version(1)), false);
      same('or absent, over it', await other.put(next, version(1, true)), false);
      same('the item of no version', await other.get('batch#b1'), bare);
    },
  },
  {
    method: 'put',
    does: 'writes over the token of its condition, and over no other',
    async check({ first, other }) {
      same('over no item', await first.put(item('t1'), token('t0')), false);
      same('the item that was not written', await other.get('batch#b1'), undefined);
      await first.put(item('t1'), ABSENT);
      same('over its token', await other.put(item('t2'), token('t1')), true);
      same('over a token before', await first.put(item('t3'), token('t1')), false);
      same('over its own token', await first.put(item('t2', { n: 1 }), token('t2')), true);
      same('the item', await first.get('batch#b1'), item('t2', { n: 1 }));
    },
  },
  {
    method: 'put',
    does: 'lets one of many writers win, by each condition',
    async check(given) {
      const winner = await race(given, ABSENT, { version: 1, schemaVersion: 4 });
      await given.first.put(item('again', { version: 1, schemaVersion: 4 }), token(winner));
      const second = await race(given, version(1), { version: 2, schemaVersion: 4 });
      await race(given, token(second));
      await given.first.remove('batch#b1', (await given.first.get('batch#b1'))?.writeToken ?? '');
      await race(given, version(0, true), { version: 1, schemaVersion: 4 });
    },
  },
  {
    method: 'put',
    does: 'replaces the whole item: no attribute of the one before is left',
    async check({ first, other }) {
      await first.put(item('t1', { old: 'x', queue: 'q', dueAt: '1', list: ['a'] }), ABSENT);
      await first.put(item('t2', { fresh: 1 }), token('t1'));
      same('the item', await other.get('batch#b1'), item('t2', { fresh: 1 }));
    },
  },
  {
    method: 'remove',
    does: 'deletes an item by its token, and leaves one with another token',
    async check({ first, other }) {
      same('of no item', await first.remove('batch#b1', 't1'), false);
      await first.put(item('t1'), ABSENT);
      same('by another token', await other.remove('batch#b1', 't0'), false);
      same('the item that is left', await other.get('batch#b1'), item('t1'));
      same('by its token', await other.remove('batch#b1', 't1'), true);
      same('the item', await first.get('batch#b1'), undefined);
      same('again', await first.remove('batch#b1', 't1'), false);
      same('a put after it', await other.put(item('t2'), ABSENT), true);
    },
  },
  {
    method: 'remove',
    does: 'and a put over the same token: one of them wins',
    async check({ first, other }) {
      for (let round = 0; round < 10; round++) {
        const mine = `round ${round}`;
        await first.put(item(mine), ABSENT);
        const [isPut, isRemoved] = await Promise.all([
          first.put(item('put'), token(mine)),
          other.remove('batch#b1', mine),
        ]);
        same('the number of winners', Number(isPut) + Number(isRemoved), 1);
        same('whether it is there', (await other.get('batch#b1')) !== undefined, isPut);
        await first.remove('batch#b1', 'put');
      }
    },
  },
];

const lostReplyDuties: readonly Duty<Given<ItemTable> & { readonly losing: ItemTable }>[] = [
  {
    method: 'put',
    does: 'leaves the item with its token if its reply was lost, whatever it returns',
    async check({ losing, other }) {
      const conditions = [ABSENT, version(1), token('t2')];
      for (const [index, condition] of conditions.entries()) {
        const next = item(`t${index + 1}`, { version: index + 1, schemaVersion: 4 });
        await losing.put(next, condition);
        same('the item', await other.get('batch#b1'), next);
      }
    },
  },
  {
    method: 'put',
    does: 'returns false and changes nothing if the condition never held',
    async check({ losing, other }) {
      await other.put(item('standing', { version: 1, schemaVersion: 4 }), ABSENT);
      for (const condition of [ABSENT, version(2), token('gone')])
        same('put', await losing.put(item('t'), condition), false);
      same('the token', (await other.get('batch#b1'))?.writeToken, 'standing');
    },
  },
  {
    method: 'remove',
    does: 'leaves no item if its reply was lost',
    async check({ losing, other }) {
      await other.put(item('t1'), ABSENT);
      await losing.remove('batch#b1', 't1');
      same('the item', await other.get('batch#b1'), undefined);
    },
  },
];
