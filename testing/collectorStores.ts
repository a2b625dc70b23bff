import type {
  LaneStore,
  RequestAssignment,
  RequestRegister,
} from '../shared/collector/contract.ts';
import type { Lane } from '../shared/collector/lane.ts';
import { NOW, numbered } from './batches.ts';
import { allPages } from './batchListings.ts';
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

/** The contract of the lanes of collected requests. */
export function laneStoreContract(subject: Subject<LaneStore>): ContractCase[] {
  return contractOf('LaneStore', subject, laneDuties, lostLaneDuties);
}

/** The contract of the register of collected requests. */
export function requestRegisterContract(subject: Subject<RequestRegister>): ContractCase[] {
  return contractOf('RequestRegister', subject, registerDuties, lostRegisterDuties);
}

/** A lane whose open window is due at that time; without a window if there is none. */
function lane(version: number, dueAt?: number, laneId = '0123456789abcdef'): Lane {
  const open = { number: 1, dueAt: dueAt ?? 0, requests: 1, bytes: 10, chunks: ['a'] };
  return {
    ...{ schemaVersion: 1, version, laneId, provider: 'openai', model: 'ü/"m"' },
    ...{ endpoint: '/v1/embeddings', next: 2, sealed: [], ...(dueAt !== undefined && { open }) },
  };
}

const due = (store: LaneStore, until: number) => allPages((cursor) => store.listDue(until, cursor));

async function shows(what: string, store: LaneStore, until: number, ids: readonly string[]) {
  await eventually(async () => same(what, (await due(store, until)).sort(), ids));
}

const laneDuties: readonly Duty<Given<LaneStore>>[] = [
  {
    method: 'replace',
    does: 'writes over the version before, or the first, and over no other',
    async check({ first, other }) {
      const { laneId } = lane(1);
      same('a lane that was never written', await first.get(laneId), undefined);
      same('the first version', await first.replace(lane(1, NOW)), 'written');
      same('another first version', await other.replace(lane(1)), 'conflict');
      same('the second version', await other.replace(lane(2, NOW + 1)), 'written');
      same('another second version', await first.replace(lane(2)), 'conflict');
      same('a version ahead', await first.replace(lane(4)), 'conflict');
      same('the lane', await first.get(laneId), lane(2, NOW + 1));
    },
  },
  {
    method: 'replace',
    does: 'lets one of many writers of the same version win',
    async check({ first, other }) {
      for (const version of [1, 2]) {
        const writes = Array.from({ length: 10 }, (_, index) =>
          (index % 2 ? first : other).replace(lane(version, index)),
        );
        const results = await Promise.all(writes);
        same('the results', countsOf(results), { written: 1, conflict: 9 });
        const { open } = (await other.get(lane(1).laneId)) ?? {};
        same('the result of the write that is stored', results[open?.dueAt ?? -1], 'written');
      }
    },
  },
  {
    method: 'replace',
    does: 'stores a lane of 290 KB',
    async check({ first, other }) {
      const large = lane(1, NOW);
      const chunks = numbered(8_000, 'x'.repeat(29));
      const full = { ...large, ...(large.open && { open: { ...large.open, chunks } }) };
      same('replace', await first.replace(full), 'written');
      const { open } = (await other.get(large.laneId)) ?? {};
      same('whether its chunks are as they were', open?.chunks.join() === chunks.join(), true);
    },
  },
  {
    method: 'listDue',
    does: 'lists lanes from when they are due until they have no windows, in pages, each once',
    async check({ first, other }) {
      const ids = numbered(130, '0000000000000');
      await Promise.all(ids.map((laneId) => first.replace(lane(1, NOW, laneId))));
      await shows('what is due before the time', other, NOW - 1, []);
      await shows('what is due', other, NOW, ids);
      const [one = '', two = '', ...rest] = ids;
      await first.replace(lane(2, undefined, one));
      await first.replace(lane(2, NOW + 9, two));
      await shows('what is due of those with a window', other, NOW, rest);
      await shows('what is due later', other, NOW + 9, [two, ...rest]);
    },
  },
];

const lostLaneDuties: readonly Duty<Given<LaneStore> & { readonly losing: LaneStore }>[] = [
  {
    method: 'replace',
    does: 'is written if its reply was lost, and a conflict if another writer was first',
    async check({ losing, other }) {
      same('the first version', await losing.replace(lane(1, 1)), 'written');
      same('the second version', await losing.replace(lane(2, 2)), 'written');
      await other.replace(lane(3, 3));
      same('a version that is there', await losing.replace(lane(3, 3)), 'conflict');
      same('the lane', await other.get(lane(1).laneId), lane(3, 3));
    },
  },
];

const NAME = { provider: 'openai', customId: 'r/ö #1' };

function place(window: number): RequestAssignment {
  return { batchId: `collected-x-${window}`, position: `token:${window}`, digest: `d${window}` };
}

const registerDuties: readonly Duty<Given<RequestRegister>>[] = [
  {
    method: 'claim',
    does: 'gives a request to the first claim for good, however often and late it is repeated',
    async check({ first, other }) {
      same('the first claim', await first.claim(NAME, place(1), NOW), place(1));
      same('another claim', await other.claim(NAME, place(2), NOW), place(1));
      same('the claim repeated', await first.claim(NAME, place(1), NOW + 5), place(1));
      same('another claim later', await first.claim(NAME, place(3), NOW + 1e9), place(1));
    },
  },
  {
    method: 'claim',
    does: 'gives it to one of many claims at once',
    async check({ first, other }) {
      const claims = Array.from({ length: 20 }, (_, index) =>
        (index % 2 ? first : other).claim(NAME, place(index), NOW),
      );
      const [one, ...rest] = await Promise.all(claims);
      for (const each of rest) same('the assignment of each claim', each, one);
    },
  },
  {
    method: 'claim',
    does: 'tells requests apart by provider and id, by every character',
    async check({ first, other }) {
      const names = [
        ...['r', 'R', 'r ', ' r', 'r\n', 'x\ny', '__proto__', '😀', 'ü', 'u\u0308'].map(
          (customId) => ({ provider: 'openai', customId }),
        ),
        ...[
          { provider: 'azure', customId: 'r' },
          { provider: 'openai', customId: 'z'.repeat(512) },
        ],
      ];
      for (const [index, name] of names.entries())
        same(
          `the claim of ${name.customId}`,
          await first.claim(name, place(index), NOW),
          place(index),
        );
      for (const [index, name] of names.entries())
        same(
          `the claim of ${name.customId}`,
          await other.claim(name, place(99), NOW),
          place(index),
        );
    },
  },
];

const lostRegisterDuties: readonly Duty<
  Given<RequestRegister> & { readonly losing: RequestRegister }
>[] = [
  {
    method: 'claim',
    does: 'returns the assignment that stands if its reply was lost',
    async check({ losing, other }) {
      same('the first claim', await losing.claim(NAME, place(1), NOW), place(1));
      same('another claim', await other.claim(NAME, place(2), NOW), place(1));
      same('a claim of it that loses', await losing.claim(NAME, place(3), NOW), place(1));
    },
  },
];
