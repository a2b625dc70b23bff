import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dynamoTable } from '../../../shared/aws/table.ts';
import { DEFAULT_POLICY } from '../../../shared/batch/policy.ts';
import { BATCH_SCHEMA_VERSION, batchSchema } from '../../../shared/batch/record.ts';
import { STATUSES } from '../../../shared/batch/status.ts';
import { upgradeRecord } from '../../../shared/batch/upgrade.ts';
import { batchIdOf, fromItem, toItem } from '../../../shared/stores/batchItem.ts';
import { batchStore } from '../../../shared/stores/batchStore.ts';
import type { Item } from '../../../shared/stores/itemTable.ts';
import { type Emulators, startEmulators } from '../../support/emulators.ts';
import { SUCCESS } from '../../support/fakes/fakeProvider.ts';
import { requestLine, upload, world } from '../../support/world.ts';

/**
 * Items that version 1 of the record's schema wrote: made by the code of that version, which took
 * batches through every status. They are not edited by hand.
 */
const ITEMS: readonly { name: string; item: Item }[] = readFileSync(
  join(import.meta.dirname, 'fixtures/recordsOfVersion1.jsonl'),
  'utf8',
)
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line));

function itemNamed(name: string): Item {
  const found = ITEMS.find((each) => each.name === name);
  if (!found) throw new Error(`there is no item ${name}`);
  return structuredClone(found.item);
}
const read = (name: string) => fromItem(itemNamed(name));
const recordOf = (name: string) => JSON.parse(String(itemNamed(name).record));

const LAYOUT = { ...DEFAULT_POLICY, partitions: { due: 4, active: 1 } };

test.each([2, 3, 4])(
  'a record of version %i is read as it is, and written in the present version',
  (version) => {
    const present = fromItem(itemNamed(ITEMS[0]?.name ?? ''));
    const record = JSON.stringify({ ...present, schemaVersion: version });
    const item = { ...toItem(present, LAYOUT), id: 'batch#x', schemaVersion: version, record };
    expect(fromItem(item)).toEqual(present);
    expect(toItem(fromItem(item), LAYOUT)).toMatchObject({ schemaVersion: BATCH_SCHEMA_VERSION });
  },
);

describe('a record of version 1', () => {
  test('exists in every status', () => {
    expect(new Set(ITEMS.map(({ item }) => item.status))).toEqual(new Set(STATUSES));
    for (const { item } of ITEMS) expect(item.schemaVersion).toBe(1);
  });

  test.each(ITEMS)('$name: is read, valid, and lies in the table as it did', ({ item }) => {
    // Act
    const batch = fromItem(item);
    // Assess
    expect(batchSchema.parse(batch)).toEqual(batch);
    const { schemaVersion, record, createdMonth, createdAt, ...rest } = toItem(batch, LAYOUT);
    // Version 1 showed less of a running job, which was due at all times.
    const { isOver: _, dueAt: __, ...same } = rest;
    const shown: object = batch.status === 'running' ? { ...same, dueAt: item.dueAt } : rest;
    // Version 1 had no index by creation, and parts are not in it.
    expect([createdMonth, createdAt].every((key) => (key === undefined) === !!batch.part)).toBe(
      true,
    );
    expect(item).toMatchObject(shown);
    expect(Object.keys(item).sort()).toEqual(
      [...Object.keys(shown), 'schemaVersion', 'writeToken', 'record'].sort(),
    );
    expect(schemaVersion).toBe(BATCH_SCHEMA_VERSION);
    expect(JSON.parse(String(record))).toMatchObject({ schemaVersion: BATCH_SCHEMA_VERSION });
  });

  test.each(ITEMS)('$name: loses nothing but what has moved', ({ item }) => {
    const before = JSON.parse(String(item.record));
    const after: object = fromItem(item);
    const moved = ['schemaVersion', 'cleanUp', 'providers', 'parent', 'parts', 'retries', 'model'];
    moved.push('format', 'endpoint', 'priority', 'notBefore', 'maxCost', 'completionWindow');
    moved.push('options', 'metadata', 'source', 'input', 'intentAt', 'claim', 'outcome');
    const kept = Object.keys(before).filter((key) => !moved.includes(key));
    const pastJobs = JSON.parse(JSON.stringify(before.pastJobs).replaceAll('"aged"', '"deadline"'));
    for (const key of kept)
      expect(after).toHaveProperty(key, key === 'pastJobs' ? pastJobs : before[key]);
  });

  test('keeps what the message asked for, in its spec', () => {
    const { source, priority, maxCost, options, metadata } = recordOf(
      'queued: with several providers',
    );
    const batch = read('queued: with several providers');
    expect(batch.spec).toEqual({
      ...{ providers: ['openai', 'azure'], source, format: 'native' },
      ...{ endpoint: '/v1/chat/completions', priority, maxCost, completionWindow: '24h' },
      ...{ options, metadata },
    });
    expect(read('inspecting: new').spec).toMatchObject({ providers: ['openai'], format: 'openai' });
    expect(read('inspecting: with a time').spec.notBefore).toBe(1_800_086_400_000);
    const elsewhere = read('submitting: at another of its providers');
    expect(elsewhere).toMatchObject({
      provider: 'azure',
      spec: { providers: ['openai', 'azure'] },
    });
  });

  test('keeps what the inspection found, in its input', () => {
    expect(read('queued')).toMatchObject({
      input: { ...recordOf('queued').input, endpoint: '/v1/chat/completions', model: 'gpt-5-mini' },
    });
    expect(read('split')).toMatchObject({ input: { parts: recordOf('split').parts }, retries: 0 });
    expect(read('split: what failed runs again').retries).toBe(1);
    expect(read('inspecting: new')).not.toHaveProperty('input');
  });

  test('of a part names its parent and its range', () => {
    const part = read('queued: part 1');
    expect(part.part).toEqual({ parentId: 'large', range: { start: 0, end: 600 } });
    expect(part).not.toHaveProperty('input.range');
    expect(read('split').part).toBeUndefined();
  });

  test('keeps a claim with the time of its intent', () => {
    const { claim, intentAt } = recordOf('submitting: claimed');
    expect(read('submitting: claimed')).toMatchObject({ claim: { ...claim, intentAt } });
    expect(read('submitting: not claimed')).not.toHaveProperty('claim');
    expect(read('collecting: claimed')).toMatchObject({
      claim: recordOf('collecting: claimed').claim,
    });
  });

  test('has the present names', () => {
    expect(read('collecting: queued past its deadline')).toMatchObject({
      outcome: { kind: 'deadline', files: [] },
    });
    expect(read('delivering: past its deadline').pastJobs).toMatchObject([
      { id: 'job_1', end: 'deadline' },
    ]);
    expect(read('completed: files are to be deleted').jobsToDelete).toEqual(['job_1']);
    expect(read('queued').jobsToDelete).toEqual([]);
  });

  test('written before a field was added has its default', () => {
    const { pastJobs, cleanUp, format, ...oldest } = recordOf('queued');
    expect({ pastJobs, cleanUp, format }).toEqual({ pastJobs: [], cleanUp: [], format: 'openai' });
    expect(batchSchema.parse(upgradeRecord(oldest))).toEqual(read('queued'));
    const { intentAt, ...claimed } = recordOf('submitting: claimed');
    expect(intentAt).toBeGreaterThan(claimed.statusAt);
    expect(upgradeRecord(claimed)).toMatchObject({ claim: { intentAt: claimed.statusAt } });
    const { endpoint: _, ...nameless } = recordOf('queued');
    expect(upgradeRecord(nameless)).toMatchObject({ input: { endpoint: '' } });
  });

  test('is the only one that is changed', () => {
    const batch = read('queued');
    expect(upgradeRecord(batch)).toBe(batch);
    for (const odd of [undefined, null, 7, 'text', [], {}]) expect(upgradeRecord(odd)).toBe(odd);
  });
});

describe('a table that version 1 has written', () => {
  const TABLE_NAME = 'batches';
  let emulators: Emulators;
  beforeAll(async () => {
    emulators = await startEmulators();
    await emulators.createTable(TABLE_NAME);
  });
  afterAll(() => emulators?.stop());

  const put = (Item: Record<string, unknown>) =>
    emulators.table.send(new PutCommand({ TableName: TABLE_NAME, Item }));
  const get = async (id: unknown) =>
    (await emulators.table.send(new GetCommand({ TableName: TABLE_NAME, Key: { id } }))).Item;

  test('is read as it is, and written as version 2', async () => {
    const store = batchStore(dynamoTable(emulators.table, TABLE_NAME), DEFAULT_POLICY);
    for (const { item } of ITEMS) {
      await put(item);
      const batch = await store.get(batchIdOf(item));
      if (!batch) throw new Error('the item is not there');
      expect(await get(item.id)).toEqual(item);
      expect(await store.replace({ ...batch, version: batch.version + 1 })).toBe('written');
      expect(await get(item.id)).toMatchObject({
        schemaVersion: BATCH_SCHEMA_VERSION,
        version: batch.version + 1,
      });
      expect(await store.get(batchIdOf(item))).toEqual({ ...batch, version: batch.version + 1 });
    }
  });

  test.each(['inspecting: new', 'queued', 'retrying: the upload failed'])(
    'a batch that was %s is brought to its end',
    async (name) => {
      // Prepare
      const w = world();
      const batches = batchStore(dynamoTable(emulators.table, TABLE_NAME), DEFAULT_POLICY);
      Object.assign(w.dependencies, { batches });
      const item = itemNamed(name);
      const ids = Array.from({ length: 10 }, (_, index) => `r${index}`);
      const { source, input } = JSON.parse(String(item.record));
      const key = input?.key ?? source.key;
      const { objects } = w.dependencies;
      await upload(objects, key, ids.map(requestLine));
      const { bucket } = objects;
      const etag = (await objects.head({ bucket, key }))?.etag;
      const record = String(item.record).replace(
        JSON.stringify(source),
        JSON.stringify({ ...source, bucket, etag }),
      );
      await put({ ...item, record });
      // Act
      for (let sweeps = 0; sweeps < 30; sweeps++) {
        await w.workAll();
        await w.sweep();
        for (const { body } of w.batchQueue.splice(0)) await w.send(body);
        for (const job of w.provider.jobs)
          if (job.state.state === 'running')
            w.provider.end(job, { kind: 'completed' }, () => SUCCESS);
        for (const event of w.invocations.splice(0)) await w.settle('Success', event);
        w.advance(120);
      }
      // Assess
      expect(await batches.get(batchIdOf(item))).toMatchObject({
        schemaVersion: BATCH_SCHEMA_VERSION,
        status: 'completed',
        counts: { total: 10, succeeded: 10 },
      });
    },
  );
});
