import { describe, expect, test } from 'vitest';
import { ProviderError } from '../../../shared/batch/errors.ts';
import type { Outcome } from '../../../shared/batch/job.ts';
import { DEFAULT_POLICY } from '../../../shared/batch/policy.ts';
import { METRICS } from '../../../shared/metrics.ts';
import { RATE_LIMITED, SUCCESS } from '../../support/fakes/fakeProvider.ts';
import { type World, world } from '../../support/world.ts';

const IDS = ['a', 'b', 'c', 'd'];
const rowOf = (customId: string, row: object = SUCCESS) =>
  JSON.stringify({ id: `r-${customId}`, custom_id: customId, ...row });

async function step(w: World): Promise<void> {
  await w.sweep();
  await w.workAll();
}

/** A batch whose job has ended with these files, each with its lines. */
async function withFiles(
  files: Readonly<Record<string, readonly string[]>>,
  outcome: Partial<Outcome> = {},
): Promise<World> {
  const w = world();
  await w.add('b1', IDS);
  await w.workAll();
  await step(w);
  endJob(w, files, outcome);
  return w;
}

/** Ends the last job. */
function endJob(
  w: World,
  files: Readonly<Record<string, readonly string[]>>,
  outcome: Partial<Outcome> = {},
): void {
  const job = w.provider.jobs.at(-1);
  if (!job) throw new Error('there is no job');
  for (const [file, lines] of Object.entries(files)) w.provider.rows.set(file, [...lines]);
  const names = Object.keys(files);
  const ended: Outcome = { kind: 'completed', jobId: job.id, files: names, ...outcome };
  job.state = { state: 'ended', outcome: ended };
}

const withOutput = (lines: readonly string[]) => withFiles({ file_of_job_1: lines });

/** Makes reading a file fail: before its first row, or after some. Counts how often it is read. */
function breakFile(w: World, broken: string, error: Error, rowsBefore = 0) {
  const { readRows } = w.provider;
  const reads = { times: 0 };
  w.provider.readRows = async function* (outcome, job) {
    if (!outcome.files.includes(broken)) return yield* readRows(outcome, job);
    reads.times += 1;
    for await (const rows of readRows(outcome, job)) yield rows.slice(0, rowsBefore);
    throw error;
  };
  return reads;
}

const GONE = new ProviderError('missing', { code: 'not_found', message: 'no such file' });
const BROKEN = new ProviderError('transient', { code: 'reset', message: 'it broke' });

const HOUR = 3600;

/** Sweeps every ten minutes until the batch is no longer being collected. Returns the hours. */
async function collected(w: World): Promise<number> {
  for (let minutes = 0; minutes < 10 * 24 * 60; minutes += 10) {
    await step(w);
    if (w.batch('b1').status !== 'collecting') return minutes / 60;
    w.advance(600);
  }
  throw new Error('it is still being collected after ten days');
}

async function rowsOf(w: World) {
  const { rows } = w.batch('b1');
  const [results, errors] = [await w.rows(rows?.results), await w.rows(rows?.errors)];
  return { results: results.map((row) => row.custom_id), errors };
}

test('what can be read of a broken file is kept, although its last reading is refused at first', async () => {
  const w = await withOutput(IDS.map((id) => rowOf(id)));
  const { readRows } = w.provider;
  let isSecondOfLast = false;
  w.provider.readRows = async function* (outcome, job) {
    const isSalvage = (w.batch('b1').unread?.times ?? 0) >= DEFAULT_POLICY.maxCollections;
    if (isSalvage && !isSecondOfLast) {
      isSecondOfLast = true;
      throw BROKEN;
    }
    for await (const rows of readRows(outcome, job)) yield rows.slice(0, 2);
    throw BROKEN;
  };

  await collected(w);

  const { results, errors } = await rowsOf(w);
  expect(results).toEqual(['a', 'b']);
  expect(errors.map((row) => row.custom_id)).toEqual(['c', 'd']);
});

test('no file is given up because the account is refused while it is read for the last time', async () => {
  const w = await withOutput(IDS.map((id) => rowOf(id)));
  const { readRows } = w.provider;
  let refused = 0;
  w.provider.readRows = (outcome, job) => {
    const isSalvage = (w.batch('b1').unread?.times ?? 0) >= DEFAULT_POLICY.maxCollections;
    if (!isSalvage) throw BROKEN;
    refused += 1;
    if (refused < 3) throw new ProviderError('account', { code: 'no_key', message: 'no key' });
    return readRows(outcome, job);
  };

  await collected(w);

  expect((await rowsOf(w)).results).toEqual(IDS);
  expect(refused).toBe(3);
});

test.each([
  ['is refused', BROKEN],
  ['cannot be read', undefined],
])(
  'files that a job names late are not given up because its last check %s',
  async (_how, error) => {
    const w = await withFiles({}, { answered: 4 });
    const { check } = w.provider;
    let refusals = 0;
    for (let minutes = 0; minutes <= 60; minutes += 10) {
      await step(w);
      w.advance(600);
    }
    endJob(w, { output: IDS.map((id) => rowOf(id)) });
    w.provider.check = async (jobId) => {
      if (refusals++ === 0) {
        if (error) throw error;
        return { state: 'unknown', status: 'odd' };
      }
      return check(jobId);
    };

    await collected(w);

    expect(refusals).toBeGreaterThan(1);
    expect((await rowsOf(w)).results).toEqual(IDS);
  },
);

test('rows that come again with the next try of a reading are billed once', async () => {
  const whole = await withOutput(['a', 'b'].map((id) => rowOf(id)));
  const broken = await withOutput(['a', 'b'].map((id) => rowOf(id)));
  breakFile(broken, 'file_of_job_1', BROKEN, 2);

  await collected(broken);
  await step(whole);

  expect(broken.batch('b1').counts.succeeded).toBe(2);
  expect(broken.batch('b1').usage).toEqual(whole.batch('b1').usage);
});

describe('a line of the output that cannot be read', () => {
  test('costs its own request, which retry runs again', async () => {
    const cut = rowOf('b').slice(0, 40);
    const w = await withOutput([rowOf('a'), cut, rowOf('c'), rowOf('d')]);

    await step(w);

    const { results, errors } = await rowsOf(w);
    expect(results).toEqual(['a', 'c', 'd']);
    expect(errors).toMatchObject([{ custom_id: 'b', error: { code: 'unreadable_row' } }]);
    const { status, counts, reasons, cost } = w.batch('b1');
    expect(status).toBe('delivering');
    expect(counts).toEqual({ total: 4, succeeded: 3, failed: 1, unfinished: 0 });
    expect(reasons).toMatchObject([{ code: 'unreadable_row' }]);
    expect(cost).toBeUndefined();

    await w.settle();
    await w.send({ action: 'retry', batchId: 'b1' });
    await step(w);
    expect(w.provider.jobs[1]?.lines.map((line) => JSON.parse(line).custom_id)).toEqual(['b']);
  });

  test('is told in the log and in a metric, and its file stays at the provider', async () => {
    const w = await withOutput([rowOf('a'), rowOf('b').slice(0, 40), '{"lost', rowOf('d')]);

    await step(w);
    await w.settle();
    await step(w);

    expect(w.metrics.get(METRICS.unreadableRows)).toBe(2);
    expect(w.logged.filter((line) => line.startsWith('a part of the job output'))).toHaveLength(1);
    expect([...w.provider.rows.keys()]).toEqual(['file_of_job_1']);
  });

  test('that does not show its request may be the answer to any request without a row', async () => {
    const w = await withOutput([rowOf('a'), '{"lost', rowOf('d')]);

    await step(w);

    const { results, errors } = await rowsOf(w);
    expect(results).toEqual(['a', 'd']);
    expect(errors).toMatchObject([
      { custom_id: 'b', error: { code: 'unreadable_row' } },
      { custom_id: 'c', error: { code: 'unreadable_row' } },
    ]);
    expect(w.provider.jobs).toHaveLength(1);
  });

  test('that holds no answer costs nothing: a request without a row runs again', async () => {
    const w = await withOutput([rowOf('a'), 'null', '[1]', '\0\0', rowOf('d')]);

    await step(w);

    const { errors } = await rowsOf(w);
    expect(errors).toMatchObject([
      { custom_id: 'b', error: { code: 'request_missing' } },
      { custom_id: 'c', error: { code: 'request_missing' } },
    ]);
    expect(w.batch('b1').status).toBe('retrying');
    expect(w.metrics.has(METRICS.unreadableRows)).toBe(false);
  });
});

describe('a file of the output that is gone', () => {
  test('costs the requests without a row, after an hour; the rest is delivered', async () => {
    const w = await withFiles({ output: [rowOf('a'), rowOf('c')], errors: [] });
    const reads = breakFile(w, 'errors', GONE);

    const hours = await collected(w);

    expect(hours).toBeGreaterThanOrEqual(1);
    expect(hours).toBeLessThan(3);
    expect(reads.times).toBeLessThan(15);
    const { results, errors } = await rowsOf(w);
    expect(results).toEqual(['a', 'c']);
    expect(errors).toMatchObject([
      { custom_id: 'b', error: { code: 'output_missing' } },
      { custom_id: 'd', error: { code: 'output_missing' } },
    ]);
    const { status, counts, reasons, cost } = w.batch('b1');
    expect(status).toBe('delivering');
    expect(counts).toMatchObject({ succeeded: 2, failed: 2 });
    expect(reasons.at(-1)).toMatchObject({
      code: 'output_missing',
      message: expect.stringContaining('no such file'),
    });
    expect(cost).toBeUndefined();
    expect(w.provider.rows.size).toBe(2);
  });

  test('costs nothing if all answers that the provider counts are in the other', async () => {
    const files = { output: [rowOf('a'), rowOf('c')], errors: [] };
    const w = await withFiles(files, { answered: 2 });
    breakFile(w, 'errors', GONE);

    await collected(w);

    expect((await rowsOf(w)).errors).toMatchObject([
      { custom_id: 'b', error: { code: 'request_missing' } },
      { custom_id: 'd', error: { code: 'request_missing' } },
    ]);
    expect(w.batch('b1').status).toBe('retrying');
  });

  test('does not keep what an earlier job answered from being delivered', async () => {
    const limited = rowOf('b', RATE_LIMITED);
    const w = await withFiles({ output: [rowOf('a'), limited, rowOf('c'), rowOf('d')] });
    await step(w);
    w.advance(2 * HOUR);
    await w.send({ ...JSON.parse(w.batchQueue.at(-1)?.body ?? '{}') });
    await step(w);
    endJob(w, { second: [] });
    breakFile(w, 'second', GONE);

    await collected(w);

    expect(w.batch('b1').status).toBe('delivering');
    const { results, errors } = await rowsOf(w);
    expect(results).toEqual(['a', 'c', 'd']);
    expect(errors).toMatchObject([{ custom_id: 'b', error: { code: 'output_missing' } }]);
  });

  test('is read again for an hour: it may only be late', async () => {
    const w = await withOutput(IDS.map((id) => rowOf(id)));
    const { readRows } = w.provider;
    breakFile(w, 'file_of_job_1', GONE);
    await step(w);
    w.advance(1200);
    w.provider.readRows = readRows;

    await collected(w);

    expect((await rowsOf(w)).results).toEqual(IDS);
    expect(w.provider.rows.size).toBe(0);
  });
});

test('a file that breaks at every download is read for about a day; the rows before are kept', async () => {
  const w = await withFiles({ output: IDS.map((id) => rowOf(id)) });
  const reads = breakFile(w, 'output', BROKEN, 3);

  const hours = await collected(w);

  expect(hours).toBeGreaterThan(10);
  expect(hours).toBeLessThan(48);
  // 50 collections that failed, and five readings of the last one.
  expect(reads.times).toBe(55);
  const { results, errors } = await rowsOf(w);
  expect(results).toEqual(['a', 'b', 'c']);
  expect(errors).toMatchObject([{ custom_id: 'd', error: { code: 'output_missing' } }]);
});

describe('an output with fewer answers than the provider counts', () => {
  test('is looked for again under what the job names by then', async () => {
    const w = await withFiles({}, { answered: 4 });
    await step(w);
    w.advance(1200);
    endJob(w, { output: IDS.map((id) => rowOf(id)) }, { answered: 4 });

    await collected(w);

    expect((await rowsOf(w)).results).toEqual(IDS);
    expect(w.provider.jobs).toHaveLength(1);
  });

  test.each([
    ['names no file', {}],
    ['has an empty file', { output: [] }],
    ['has an empty file beside its errors', { output: [], errors: [rowOf('a', RATE_LIMITED)] }],
  ])('that %s counts as lost after an hour, and is not run again', async (_name, files) => {
    const w = await withFiles(files, { answered: 3 });

    const hours = await collected(w);

    expect(hours).toBeLessThan(3);
    const without = 'errors' in files ? ['b', 'c', 'd'] : IDS;
    expect((await rowsOf(w)).errors.slice(-without.length)).toMatchObject(
      without.map((id) => ({ custom_id: id, error: { code: 'output_missing' } })),
    );
  });

  test.each([undefined, 1, 2])('does not exist if it counts %j of 2', async (answered) => {
    const w = await withFiles(
      { output: [rowOf('a'), rowOf('c')] },
      answered === undefined ? {} : { answered },
    );
    expect(await collected(w)).toBe(0);
    expect(w.batch('b1').status).toBe('retrying');
  });

  test('has all answers if every request has a row: some services count failures', async () => {
    const files = { output: IDS.map((id) => rowOf(id, id === 'a' ? RATE_LIMITED : SUCCESS)) };
    const w = await withFiles(files, { answered: 4 });
    expect(await collected(w)).toBe(0);
  });
});

test('if the bucket fails for days, the rows of earlier jobs are delivered', async () => {
  const w = await withFiles({ output: [rowOf('a'), rowOf('b', RATE_LIMITED), rowOf('c')] });
  await step(w);
  w.advance(2 * HOUR);
  await w.send({ ...JSON.parse(w.batchQueue.at(-1)?.body ?? '{}') });
  await step(w);
  endJob(w, { second: [rowOf('b'), rowOf('d')] });
  const { read } = w.objects;
  w.objects.read = () => {
    throw new Error('the bucket does not answer');
  };

  const hours = await collected(w);

  w.objects.read = read;
  expect(hours).toBeGreaterThan(6 * 24);
  expect(hours).toBeLessThan(9 * 24);
  const { status, counts, reasons, cost } = w.batch('b1');
  expect(status).toBe('delivering');
  expect(counts).toMatchObject({ succeeded: 2, unfinished: 2 });
  expect(reasons.at(-1)).toMatchObject({ code: 'collect_failed' });
  expect(cost).toBeUndefined();
});
