import { randomUUID } from 'node:crypto';
import { NewerSchemaError, UnreadableRecordError } from '../shared/batch/errors.ts';
import type { BatchStore } from '../shared/batch/ports.ts';
import type { ItemTable } from '../shared/stores/itemTable.ts';
import { JOB, NOW, sampleBatch } from './batches.ts';
import { allPages } from './batchListings.ts';
import {
  type ContractCase,
  casesOf,
  type Duty,
  eventually,
  type Given,
  type Subject,
  same,
  thrownBy,
} from './contract.ts';

/**
 * `unreadable`: no schema reads the record. `newer`: its `schemaVersion` is above all that this code
 * knows. `none`: the record is again as it was.
 */
export type Damage = 'unreadable' | 'newer' | 'none';

export interface BatchStoreSubject extends Subject<BatchStore> {
  /**
   * Changes a stored record as only a fault or a newer version does. The cases of such records are
   * left out without it.
   */
  damage?(store: BatchStore, batchId: string, damage: Damage): Promise<void>;
}

/** Damages the record of a batch in a table of items: for the `damage` of a store that is built on one. */
export async function damageRecord(
  table: ItemTable,
  batchId: string,
  damage: Damage,
): Promise<void> {
  const item = await table.get(`batch#${batchId}`);
  if (!item?.writeToken) throw new Error(`there is no record of batch ${batchId} to damage`);
  const { record, schemaVersion, whole = JSON.stringify({ record, schemaVersion }) } = item;
  const changes = {
    unreadable: { record: '{"spec":' },
    newer: { schemaVersion: 99 },
    none: JSON.parse(String(whole)),
  };
  const damaged = { ...item, ...changes[damage], whole, writeToken: randomUUID() };
  await table.put(damaged, { is: 'token', writeToken: item.writeToken });
}

type Damaging = (store: BatchStore, batchId: string, damage: Damage) => Promise<void>;

/** The cases of records that cannot be read; none if the subject can damage none. */
export function unreadableCases(subject: BatchStoreSubject): ContractCase[] {
  const damage = subject.damage?.bind(subject);
  return damage ? casesOf('BatchStore', subject, dutiesOf(damage)) : [];
}

/** Every place in which a sweep would find a batch. */
async function swept(store: BatchStore): Promise<string[]> {
  const shards = Array.from({ length: store.partitions.due }, (_, shard) =>
    allPages((cursor) => store.listDue(shard, NOW + 1e9, cursor)),
  );
  const lists = await Promise.all([
    ...shards,
    allPages((cursor) => store.listWaiting({ provider: 'openai' }, cursor)),
    allPages((cursor) => store.listActive('openai', cursor)),
  ]);
  return lists.flatMap((hints: readonly { batchId: string }[]) =>
    hints.map((hint) => hint.batchId),
  );
}

const unreadable = (store: BatchStore) => allPages((cursor) => store.listUnreadable(cursor));

function dutiesOf(damage: Damaging): Duty<Given<BatchStore>>[] {
  return [
    {
      method: 'get',
      does: 'throws for a record of a newer version, which no method changes or removes',
      async check({ first, other }) {
        const batch = sampleBatch();
        await first.create(batch);
        await damage(first, 'b1', 'newer');
        await thrownBy('get', () => first.get('b1'), NewerSchemaError);
        const replaced = await other.replace(sampleBatch({ version: 1, sends: 9 }));
        same('replace', replaced, 'conflict');
        same('create', await other.create(sampleBatch({ sends: 9 })), 'exists');
        await thrownBy('refile', () => first.refile('b1'), NewerSchemaError);
        const remove = () => first.removeUnreadable('b1', async () => {});
        await thrownBy('removeUnreadable', remove, NewerSchemaError);
        await damage(first, 'b1', 'none');
        same('the record when this code knows its version again', await first.get('b1'), batch);
      },
    },
    {
      method: 'getMany',
      does: 'leaves out records that cannot be read, and returns the others',
      async check({ first }) {
        for (const batchId of ['known', 'newer', 'broken'])
          await first.create(sampleBatch({ batchId }));
        await damage(first, 'newer', 'newer');
        await damage(first, 'broken', 'unreadable');
        await eventually(async () => {
          const found = await first.getMany(['newer', 'known', 'broken', 'nowhere']);
          same('the keys', [...found.keys()], ['known']);
        });
      },
    },
    ...(['inspecting', 'queued', 'running'] as const).map(
      (status): Duty<Given<BatchStore>> => ({
        method: 'refile',
        does: `takes a record that cannot be read out of what is swept, and back once it can be (${status})`,
        async check({ first, other }) {
          const batch = sampleBatch({ status, ...(status === 'running' && { job: JOB }) });
          await first.create(batch);
          const before = status === 'running' ? ['b1', 'b1'] : ['b1'];
          await eventually(async () => same('what is swept', await swept(other), before));
          same('refile of a whole record', await first.refile('b1'), 'readable');
          await damage(first, 'b1', 'unreadable');
          await thrownBy('get', () => other.get('b1'), UnreadableRecordError);
          same('refile', await first.refile('b1'), 'unreadable');
          same('refile again', await other.refile('b1'), 'unreadable');
          await eventually(async () => {
            same('what is swept of a record aside', await swept(other), []);
            same('what is listed as unreadable', await unreadable(other), ['b1']);
          });
          await thrownBy('get of a record aside', () => other.get('b1'), UnreadableRecordError);
          await damage(first, 'b1', 'none');
          same('refile of a mended record', await other.refile('b1'), 'readable');
          await eventually(async () => {
            same('what is swept of a mended record', await swept(first), before);
            same('what is listed as unreadable then', await unreadable(first), []);
          });
          same('the mended record', await first.get('b1'), batch);
          same('refile of no record', await first.refile('none'), 'absent');
        },
      }),
    ),
    {
      method: 'removeUnreadable',
      does: 'keeps the record before it deletes it, and deletes none that can be read',
      async check({ first, other }) {
        await first.create(sampleBatch());
        const keep = async (text: string) => void kept.push(text);
        const kept: string[] = [];
        same('removal of a whole record', await first.removeUnreadable('b1', keep), 'readable');
        await damage(first, 'b1', 'unreadable');
        const failing = () => Promise.reject(new RangeError('no room'));
        await thrownBy('a failed keep', () => first.removeUnreadable('b1', failing), RangeError);
        await thrownBy('get after it', () => other.get('b1'), UnreadableRecordError);
        same('what was kept before the removal', kept, []);
        same('removal', await first.removeUnreadable('b1', keep), 'removed');
        same('the number of kept items', kept.length, 1);
        same(
          'whether the item is JSON with the id',
          String(kept[0]).includes('b1') && typeof JSON.parse(String(kept[0])),
          'object',
        );
        same('get after the removal', await other.get('b1'), undefined);
        same('a second removal', await other.removeUnreadable('b1', keep), 'absent');
        same('a new record with the id', await other.create(sampleBatch()), 'written');
      },
    },
  ];
}
