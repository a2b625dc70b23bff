import type { SweepLock } from '../shared/batch/ports.ts';
import type { ProviderState, ProviderStateStore } from '../shared/quota/providerState.ts';
import { NOW, numbered } from './batches.ts';
import {
  type ContractCase,
  contractOf,
  countsOf,
  type Duty,
  eventually,
  type Given,
  type Subject,
  same,
} from './contract.ts';

/** The contract of the states of the provider entries. */
export function providerStateStoreContract(subject: Subject<ProviderStateStore>): ContractCase[] {
  return contractOf('ProviderStateStore', subject, stateDuties, lostStateDuties);
}

/** The contract of the lease of the sweep. */
export function sweepLockContract(subject: Subject<SweepLock>): ContractCase[] {
  return contractOf('SweepLock', subject, lockDuties, lostLockDuties);
}

const HELD: ProviderState = {
  ...{ schemaVersion: 1, provider: 'openai', version: 1 },
  hold: { kind: 'quota', reason: { code: 'c', message: 'ü\u0000 "m"' }, until: 1.5, refusals: 2 },
};

function state(version: number, count = 0, provider = 'openai'): ProviderState {
  return { schemaVersion: 1, provider, version, starts: { hour: 1, count } };
}

const stateDuties: readonly Duty<Given<ProviderStateStore>>[] = [
  {
    method: 'get',
    does: 'returns version 0 for an entry that was never used, and lists none',
    async check({ first }) {
      const unused = { schemaVersion: 1, provider: 'new', version: 0 };
      same('the state', await first.get('new'), unused);
      same('the list', await first.list(), []);
    },
  },
  {
    method: 'replace',
    does: 'writes over the version before, and over no other',
    async check({ first, other }) {
      same('the first version', await first.replace(HELD), 'written');
      same('the state', await other.get('openai'), HELD);
      same('the second version', await other.replace(state(2)), 'written');
      same('another second version', await first.replace({ ...HELD, version: 2 }), 'conflict');
      same('another first version', await first.replace(HELD), 'conflict');
      same('a version ahead', await first.replace(state(4)), 'conflict');
      same('the state after the conflicts', await first.get('openai'), state(2));
    },
  },
  {
    method: 'replace',
    does: 'lets one of many writers of the same version win',
    async check({ first, other }) {
      for (const version of [1, 2]) {
        const writes = Array.from({ length: 10 }, (_, index) =>
          (index % 2 ? first : other).replace(state(version, index)),
        );
        const results = await Promise.all(writes);
        same('the results', countsOf(results), { written: 1, conflict: 9 });
        const { starts } = await other.get('openai');
        same('the result of the write that is stored', results[starts?.count ?? -1], 'written');
      }
    },
  },
  {
    method: 'list',
    does: 'names all of 230 entries that were ever used, each once',
    async check({ first, other }) {
      const names = numbered(230, 'p-');
      await Promise.all(names.map((name) => first.replace(state(1, 0, name))));
      await first.replace(state(2, 0, 'p-000'));
      await eventually(async () => same('the list', [...(await other.list())].sort(), names));
    },
  },
];

const lostStateDuties: readonly Duty<
  Given<ProviderStateStore> & { readonly losing: ProviderStateStore }
>[] = [
  {
    method: 'replace',
    does: 'is written if its reply was lost, and a conflict if another writer was first',
    async check({ losing, other }) {
      same('the first version', await losing.replace(state(1, 1)), 'written');
      same('the second version', await losing.replace(state(2, 2)), 'written');
      await other.replace(state(3, 3));
      same('a version that is there', await losing.replace(state(3, 4)), 'conflict');
      same('the state', await other.get('openai'), state(3, 3));
    },
  },
];

const CURSORS = { 'open#1': 'x', 'waiting#openai': 'ü"\\', __: '' };

const lockDuties: readonly Duty<Given<SweepLock>>[] = [
  {
    method: 'acquire',
    does: 'gives the lease to one of many sweeps at once, and no cursors to the first sweep of all',
    async check({ first, other }) {
      const sweeps = Array.from({ length: 10 }, (_, index) =>
        (index % 2 ? first : other).acquire(`sweep-${index}`, NOW, NOW + 1),
      );
      const held = (await Promise.all(sweeps)).filter((cursors) => cursors !== undefined);
      same('the cursors of the sweeps that have the lease', held, [{}]);
    },
  },
  {
    method: 'acquire',
    does: 'gives the lease to the next sweep when its time is over, and not before',
    async check({ first, other }) {
      await first.acquire('a', NOW, NOW + 1000);
      same('a millisecond before', await other.acquire('b', NOW + 999, NOW + 2000), undefined);
      same('at the time', await other.acquire('b', NOW + 1000, NOW + 2000), {});
      same('for the sweep before', await first.acquire('a', NOW + 1001, NOW + 3000), undefined);
    },
  },
  {
    method: 'release',
    does: 'frees the lease at once and hands its cursors to the next sweep',
    async check({ first, other }) {
      await first.acquire('a', NOW, NOW + 1000);
      await first.release('a', CURSORS, NOW);
      same('the cursors', await other.acquire('b', NOW, NOW + 1000), CURSORS);
    },
  },
  {
    method: 'release',
    does: 'leaves cursors that outlive a killed sweep and end with one that was complete',
    async check({ first, other }) {
      await first.acquire('a', NOW, NOW + 1);
      await first.release('a', CURSORS, NOW);
      await first.acquire('killed', NOW, NOW + 1);
      same('the cursors after a killed sweep', await other.acquire('b', NOW + 1, NOW + 2), CURSORS);
      await other.release('b', {}, NOW);
      same('the cursors after a whole sweep', await first.acquire('c', NOW + 1, NOW + 2), {});
    },
  },
  {
    method: 'release',
    does: 'changes nothing for a sweep that has lost the lease',
    async check({ first, other }) {
      await first.acquire('late', NOW, NOW + 1);
      await other.acquire('next', NOW + 1, NOW + 1000);
      await first.release('late', CURSORS, NOW);
      same('a third sweep', await first.acquire('third', NOW + 2, NOW + 3), undefined);
      await other.release('next', {}, NOW);
      await first.release('late', CURSORS, NOW);
      same('the third sweep later', await first.acquire('third', NOW + 2, NOW + 3), {});
    },
  },
  {
    method: 'acquire',
    does: 'gives each shard a lease of its own, with cursors of its own',
    async check({ first, other }) {
      await first.acquire('whole', NOW, NOW + 1000);
      same('of a shard', await other.acquire('shard-0', NOW, NOW + 1000, 0), {});
      same('of another shard', await first.acquire('shard-11', NOW, NOW + 1000, 11), {});
      same('of one that is held', await other.acquire('late', NOW, NOW + 1000, 11), undefined);
      await other.release('shard-0', CURSORS, NOW, 0);
      same('the cursors', await first.acquire('next', NOW, NOW + 1000, 0), CURSORS);
      same('of the sweep itself', await other.acquire('late', NOW, NOW + 1000), undefined);
    },
  },
  {
    method: 'last',
    does: 'shows when the last sweep of each ended, also while the next one runs',
    async check({ first, other }) {
      same('before the first', await other.last(), undefined);
      await first.acquire('a', NOW, NOW + 1000);
      same('during the first', await other.last(), undefined);
      await first.release('a', CURSORS, NOW + 5);
      await first.acquire('b', NOW + 6, NOW + 1000);
      same('after the first', await other.last(), { at: NOW + 5, cursors: CURSORS });
      same('of a shard that never swept', await other.last(3), undefined);
      await other.acquire('c', NOW, NOW + 1000, 3);
      await other.release('c', {}, NOW + 7, 3);
      same('of a shard', await first.last(3), { at: NOW + 7, cursors: {} });
    },
  },
  {
    method: 'release',
    does: 'can be repeated',
    async check({ first, other }) {
      await first.acquire('a', NOW, NOW + 1000);
      await first.release('a', CURSORS, NOW);
      await first.release('a', CURSORS, NOW);
      same('the next sweep', await other.acquire('b', NOW, NOW + 1000), CURSORS);
    },
  },
];

const lostLockDuties: readonly Duty<Given<SweepLock> & { readonly losing: SweepLock }>[] = [
  {
    method: 'acquire',
    does: 'gives the lease, with the cursors, if its reply was lost',
    async check({ losing, other }) {
      await other.acquire('first', NOW, NOW + 1000);
      await other.release('first', CURSORS, NOW);
      same('the cursors', await losing.acquire('second', NOW, NOW + 1000), CURSORS);
      same('a third sweep', await other.acquire('third', NOW, NOW + 1000), undefined);
    },
  },
  {
    method: 'release',
    does: 'frees the lease if its reply was lost',
    async check({ losing, other }) {
      await losing.acquire('first', NOW, NOW + 1000);
      await losing.release('first', CURSORS, NOW);
      same('the next sweep', await other.acquire('second', NOW, NOW + 1000), CURSORS);
    },
  },
];
