import { describe, expect, it, test } from 'vitest';
import type { WaitingHint } from '../../../shared/batch/ports.ts';
import type { Batch } from '../../../shared/batch/record.ts';
import type { BatchInfo } from '../../../shared/client/batchInfo.ts';
import { createDescriber } from '../../../shared/client/describe.ts';
import { MemoryItems } from '../../../simulators/memory/items.ts';
import { given, INPUT, NOW, OBJECTS, SLICES } from '../../support/given.ts';

const load = { model: 'm', requests: 10, estimatedTokens: 25 };
const hint = (batchId: string): WaitingHint => ({
  ...{ batchId, priority: 0, ...load, createdAt: 0, queuedAt: 0, deadlineAt: NOW },
  expected: { inputTokens: 25, outputTokens: 0 },
});

/** A handler whose reads are counted, with as many pages of queued batches as named. */
function source(records: readonly Batch[] = [], pages = 1) {
  const reads = { getMany: 0, listWaiting: 0, listActive: 0, states: 0 };
  const byId = new Map(records.map((batch) => [batch.batchId, batch]));
  const describer = createDescriber({
    batches: {
      partitions: { due: 1, active: 1 },
      async getMany(ids) {
        reads.getMany += 1;
        expect(ids.length).toBeLessThanOrEqual(100);
        return new Map(ids.flatMap((id) => (byId.has(id) ? [[id, byId.get(id) as Batch]] : [])));
      },
      listTenants: async () => ({ items: [] }),
      async listWaiting({ provider }, cursor = '0') {
        reads.listWaiting += 1;
        const page = Number(cursor);
        const items = Array.from({ length: 100 }, (_, n) => hint(`${provider}-${page * 100 + n}`));
        return { items, cursor: page + 1 < pages ? String(page + 1) : undefined };
      },
      async listActive() {
        reads.listActive += 1;
        return { items: [], cursor: undefined };
      },
    },
    items: new MemoryItems().table(),
    providerStates: {
      async get(provider) {
        reads.states += 1;
        return { schemaVersion: 1, provider, version: 1 };
      },
    },
    objects: OBJECTS,
    handler: {
      providers: ['openai', 'claude'],
      settings: { policy: { maxDeliveries: 3 } },
      limits: { openai: { maxInFlight: 7 } },
      processorLog: '.local/logs/p.log',
    },
  });
  return { reads, ...describer };
}

test('any number of queued batches takes one read of each state and one pass over each queue', async () => {
  const { reads, forList } = source([], 3);
  const describeNext = forList();
  const infos: BatchInfo[] = [];
  for (let n = 0; n < 50; n++)
    for (const provider of ['openai', 'claude'])
      infos.push(await describeNext(given('queued', { batchId: `${provider}-${n}`, provider })));
  expect(infos.at(-1)?.waitingFor).toMatchObject({
    kind: 'queue',
    position: 50,
    tokensAhead: 1225,
  });
  expect(reads).toEqual({ getMany: 0, listWaiting: 6, listActive: 2, states: 2 });
});

test('a queue of 100,000 is not read to its end', async () => {
  const { reads, describe: describeOne } = source([], 1_000);
  const { waitingFor } = await describeOne(given('queued', { batchId: 'openai-99999' }));
  expect(waitingFor?.text).toContain('beyond number 500 in the queue of openai');
  expect(reads.listWaiting).toBe(5);
});

test('batches of which the record tells everything take no other read', async () => {
  const { reads, describe: describeOne } = source();
  for (const status of ['inspecting', 'submitting', 'delivering', 'retrying', 'completed'] as const)
    await describeOne(given(status));
  expect(reads).toEqual({ getMany: 0, listWaiting: 0, listActive: 0, states: 0 });
});

test('a delivery names the log of the processor, and its number of tries', async () => {
  const { waitingFor } = await source().describe(given('delivering'));
  expect(waitingFor).toMatchObject({ of: 3, log: '.local/logs/p.log' });
});

describe('a batch in parts', () => {
  const of = (parentId: string, number: number) => ({
    batchId: `${parentId}/${number}`,
    part: { parentId, range: { start: 0, end: 50 } },
  });
  const usage = (tokens: number) => ({
    ...{ inputTokens: tokens, outputTokens: tokens, totalTokens: 2 * tokens },
  });
  const counts = (succeeded: number, failed: number, unfinished: number) => ({
    ...{ total: succeeded + failed + unfinished, succeeded, failed, unfinished },
  });
  const input = { ...INPUT, requests: 15, parts: [...SLICES, ...SLICES.slice(1)] };
  const parent = given('split', { input, counts: counts(0, 0, 15), cost: 0 });

  it('has the sums of its parts, of which some have no record yet', async () => {
    const job = { id: 'j', submission: 1, submittedAt: NOW, progress: 2 };
    const { describe: describeOne, reads } = source([
      given('completed', {
        ...of('b1', 1),
        counts: counts(4, 1, 0),
        failureGroups: [{ count: 1, code: 'invalid_value', status: 400, example: 'r3' }],
        usage: usage(7),
        cost: 0.5,
        attempt: 2,
      }),
      given('running', {
        ...of('b1', 2),
        counts: counts(1, 0, 4),
        usage: usage(2),
        cost: 0.25,
        job,
      }),
    ]);
    const info = await describeOne(parent);
    expect(info).toMatchObject({
      counts: counts(5, 1, 9),
      usage: usage(9),
      cost: 0.75,
      attempts: 2,
      finishedInParts: 2,
      failures: { total: 1, groups: [{ count: 1, code: 'invalid_value' }], other: 0 },
      waitingFor: { kind: 'parts', total: 3, running: 1, ended: 1, waiting: 1 },
    });
    // The one without a record is asked for again, in case the first read left it out.
    expect(reads.getMany).toBe(2);
  });

  it('has those of the parts of its parts, and of none that belongs to an earlier batch', async () => {
    const inner = { ...INPUT, requests: 5, parts: SLICES };
    const { describe: describeOne } = source([
      given('split', { ...of('b1', 1), input: inner, counts: counts(0, 0, 5) }),
      given('completed', { ...of('b1/1', 1), counts: counts(5, 0, 0) }),
      given('completed', { ...of('b1', 2), createdAt: 1, counts: counts(5, 0, 0) }),
    ]);
    // Of the inner batch, the second part has not begun; of the outer one, the second and the third.
    expect((await describeOne(parent)).counts).toEqual(counts(5, 0, 15));
  });

  it('counts what runs again for a retry as unfinished', async () => {
    const ended = { counts: counts(3, 2, 0), usage: usage(7) };
    const { describe: describeOne } = source([
      given('completed', { ...of('b1', 1), ...ended }),
      given('running', { ...of('b1', 2), ...ended, selection: 'unsucceeded' }),
      given('completed', { ...of('b1', 3), ...ended, commands: ['b1-retry-1'] }),
    ]);
    const info = await describeOne({ ...parent, retries: 1 });
    expect(info.counts).toEqual(counts(9, 2, 4));
  });

  it('is summed up until its rows are merged, and not after that', async () => {
    const parts = [1, 2, 3].map((n) =>
      given('completed', { ...of('b1', n), counts: counts(5, 0, 0) }),
    );
    const { describe: describeOne } = source(parts);
    const collecting = given('collecting', { input, counts: counts(0, 0, 15) });
    expect((await describeOne(collecting)).counts).toEqual(counts(15, 0, 0));
    const delivering = given('delivering', { input, counts: counts(9, 6, 0) });
    expect((await describeOne(delivering)).counts).toEqual(counts(9, 6, 0));
  });

  it('is summed up in a listing for the first 20 such batches', async () => {
    const { forList, reads } = source();
    const describeNext = forList();
    const infos: BatchInfo[] = [];
    for (let n = 0; n < 30; n++) infos.push(await describeNext({ ...parent, batchId: `b${n}` }));
    expect(reads.getMany).toBe(40);
    expect(infos[19]?.waitingFor).toHaveProperty('running', 0);
    expect(infos[20]?.waitingFor).not.toHaveProperty('running');
  });
});

describe('the estimated end of a job', () => {
  const HOUR = 3_600_000;
  const endOf = async (progress: number | undefined, changes = {}) => {
    const submittedAt = Date.now() - 4 * HOUR;
    const progressAt = progress === undefined ? undefined : submittedAt + 2 * HOUR;
    const job = { id: 'j', submission: 1, submittedAt, progress, progressAt };
    const large = {
      input: { ...INPUT, requests: 1000 },
      counts: { total: 1000, succeeded: 0, failed: 0, unfinished: 1000 },
    };
    const batch = given('running', { ...large, job, ...changes });
    const { job: shown } = await source().describe(batch);
    return shown?.estimatedEndAt && Date.parse(shown.estimatedEndAt) - submittedAt;
  };

  it('follows the pace of the recorded progress', async () => {
    expect(await endOf(400)).toBe(5 * HOUR);
  });

  it('is not told where too little is known, or where it has passed', async () => {
    expect(await endOf(undefined)).toBeUndefined();
    expect(await endOf(49)).toBeUndefined();
    expect(await endOf(600)).toBeUndefined();
    expect(await endOf(1000)).toBeUndefined();
    expect(await endOf(400, { cancelRequested: true })).toBeUndefined();
  });
});
