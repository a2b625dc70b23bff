import type { BatchStore } from '../shared/batch/ports.ts';
import type { Batch } from '../shared/batch/record.ts';
import { nextOf, numbered, sampleBatch } from './batches.ts';
import { listingDuties } from './batchListings.ts';
import { valueDuties } from './batchValues.ts';
import {
  type ContractCase,
  contractOf,
  countsOf,
  type Duty,
  eventually,
  type Given,
  same,
} from './contract.ts';
import { type BatchStoreSubject, unreadableCases } from './unreadableRecords.ts';

/** The contract of the table of batches. */
export function batchStoreContract(subject: BatchStoreSubject): ContractCase[] {
  const duties = [...writeDuties, ...valueDuties, ...listingDuties];
  return [
    ...contractOf('BatchStore', subject, duties, lostReplyDuties),
    ...unreadableCases(subject),
  ];
}

const writeDuties: readonly Duty<Given<BatchStore>>[] = [
  {
    method: 'create',
    does: 'writes a new record once, and leaves the one that is there',
    async check({ first, other }) {
      const batch = sampleBatch();
      same('the first create', await first.create(batch), 'written');
      same('a create with the same id', await other.create({ ...batch, sends: 2 }), 'exists');
      same('the stored record', await other.get('b1'), batch);
      same('a record that was never written', await first.get('b2'), undefined);
    },
  },
  {
    method: 'create',
    does: 'lets one of many writers of the same id win',
    async check({ first, other }) {
      const writes = Array.from({ length: 10 }, (_, index) =>
        (index % 2 ? first : other).create(sampleBatch({ sends: index })),
      );
      const results = await Promise.all(writes);
      same('the results', countsOf(results), { written: 1, exists: 9 });
      const { sends = -1 } = (await first.get('b1')) ?? {};
      same('the result of the write that is stored', results[sends], 'written');
    },
  },
  {
    method: 'replace',
    does: 'writes over the version before, and over no other',
    async check({ first, other }) {
      await first.create(sampleBatch());
      const queued = sampleBatch({ version: 1, status: 'queued' });
      same('the next version', await other.replace(queued), 'written');
      const again = sampleBatch({ version: 1, status: 'failed' });
      same('the same version by another write', await first.replace(again), 'conflict');
      same('a version ahead', await first.replace(sampleBatch({ version: 3 })), 'conflict');
      same('version 0', await first.replace(sampleBatch()), 'conflict');
      const absent = sampleBatch({ batchId: 'b2', version: 1 });
      same('a record that is not there', await first.replace(absent), 'conflict');
      same('the stored record', await first.get('b1'), queued);
      same('the record that was not there', await first.get('b2'), undefined);
    },
  },
  {
    method: 'replace',
    does: 'lets one of many writers of the same version win',
    async check({ first, other }) {
      await first.create(sampleBatch());
      const writes = Array.from({ length: 20 }, (_, index) =>
        (index % 2 ? first : other).replace(sampleBatch({ version: 1, sends: index })),
      );
      const results = await Promise.all(writes);
      same('the results', countsOf(results), { written: 1, conflict: 19 });
      const { sends = -1 } = (await other.get('b1')) ?? {};
      same('the result of the write that is stored', results[sends], 'written');
    },
  },
  {
    method: 'replace',
    does: 'loses no change of writers that read, change and write again after a conflict',
    async check({ first, other }) {
      await first.create(sampleBatch({ sends: 0 }));
      const increment = async (store: BatchStore) => {
        for (let tries = 0; tries < 200; tries++) {
          const batch = await store.get('b1');
          if (batch && (await store.replace(nextOf(batch, batch.sends + 1))) === 'written') return;
        }
        throw new Error('none of 200 tries was written: each replace must let one writer win');
      };
      const writers = [first, other, first, other];
      await Promise.all(
        writers.map(async (store) => {
          for (let count = 0; count < 3; count++) await increment(store);
        }),
      );
      const { sends, version } = (await first.get('b1')) ?? {};
      same('the record after 12 increments', { sends, version }, { sends: 12, version: 12 });
    },
  },
  {
    method: 'get',
    does: 'reads what any connection has written before, at once',
    async check({ first, other }) {
      let batch = sampleBatch();
      await first.create(batch);
      for (let round = 1; round <= 20; round++) {
        batch = nextOf(batch, round);
        await first.replace(batch);
        same(`the record after write ${round}`, await other.get('b1'), batch);
        const many = await other.getMany(['b1']);
        // It may leave a record out, but it may not be behind.
        same(`the record of getMany after write ${round}`, many.get('b1') ?? batch, batch);
      }
    },
  },
  {
    method: 'getMany',
    does: 'reads up to 100 records, each once, and leaves out those that are not there',
    async check({ first, other }) {
      const batches = numbered(100).map((batchId) => sampleBatch({ batchId }));
      for (const batch of batches) await first.create(batch);
      const ids = batches.map(({ batchId }) => batchId);
      await eventually(async () => {
        const found = await other.getMany(ids);
        same('the records', [...found.values()].sort(byId), batches);
        same('the keys of the map', [...found.keys()].sort(), ids);
      });
      await eventually(async () => {
        const found = await first.getMany(['b007', 'none', 'b007', 'b008']);
        same('the keys of a map of repeated ids', [...found.keys()].sort(), ['b007', 'b008']);
      });
      same('the map of no ids', (await first.getMany([])).size, 0);
    },
  },
];

function byId(a: Batch, b: Batch): number {
  return a.batchId < b.batchId ? -1 : 1;
}

const lostReplyDuties: readonly Duty<Given<BatchStore> & { readonly losing: BatchStore }>[] = [
  {
    method: 'create',
    does: 'is written if its reply was lost',
    async check({ losing, other }) {
      const batch = sampleBatch();
      same('create', await losing.create(batch), 'written');
      same('the record', await other.get('b1'), batch);
      same('a second create', await losing.create({ ...batch, sends: 9 }), 'exists');
    },
  },
  {
    method: 'replace',
    does: 'is written if its reply was lost',
    async check({ losing, other }) {
      await other.create(sampleBatch());
      const next = sampleBatch({ version: 1, sends: 5 });
      same('replace', await losing.replace(next), 'written');
      same('the record', await other.get('b1'), next);
    },
  },
  {
    method: 'replace',
    does: 'is a conflict if another writer was first, whatever replies are lost',
    async check({ losing, other }) {
      await other.create(sampleBatch());
      const standing = sampleBatch({ version: 1, sends: 5 });
      await other.replace(standing);
      same('replace', await losing.replace(sampleBatch({ version: 1, sends: 6 })), 'conflict');
      // Two writers may write the very same record: only one of them has won, and acts on it.
      same('replace with equal content', await losing.replace(standing), 'conflict');
      same('the record', await other.get('b1'), standing);
    },
  },
];
