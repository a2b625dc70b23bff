import { expect, test } from 'vitest';
import { RATE_LIMITED, SUCCESS } from '../../support/fakes/fakeProvider.ts';
import { type World, world } from '../../support/world.ts';

const IDS = ['a', 'b', 'c', 'd'];
const rowOf = (customId: string, row: object = SUCCESS) =>
  JSON.stringify({ id: `r-${customId}`, custom_id: customId, ...row });

/** A batch whose job has ended with these files, and what its collection reads and writes. */
async function ended(files: Readonly<Record<string, readonly string[]>>) {
  const w = world();
  await w.add('b1', IDS);
  await w.workAll();
  await w.sweep();
  await w.workAll();
  const job = w.provider.jobs.at(-1);
  if (!job) throw new Error('there is no job');
  for (const [file, lines] of Object.entries(files)) w.provider.rows.set(file, [...lines]);
  const outcome = { kind: 'completed' as const, jobId: job.id, files: Object.keys(files) };
  job.state = { state: 'ended', outcome };
  const seen = { read: [] as string[], closed: [] as string[], aborted: [] as string[] };
  const { readRows } = w.provider;
  w.provider.readRows = (given, context) => {
    seen.read.push(...given.files);
    return readRows(given, context);
  };
  const writer = w.objects.writer;
  w.objects.writer = (key) => {
    const made = writer(key);
    const name = key.split('/').at(-1) ?? '';
    return {
      write: (chunk) => made.write(chunk),
      close: () => {
        seen.closed.push(name);
        return made.close();
      },
      abort: () => {
        seen.aborted.push(name);
        return made.abort();
      },
    };
  };
  return { w, seen };
}

async function collect(w: World): Promise<void> {
  await w.sweep();
  await w.workAll();
}

test('rows are read once, those of the errors first', async () => {
  const files = { output: ['a', 'd'].map((id) => rowOf(id)), errors: [rowOf('c', RATE_LIMITED)] };
  const { w, seen } = await ended(files);

  await collect(w);

  expect(seen).toEqual({
    read: ['errors', 'output'],
    closed: ['results.jsonl', 'errors.jsonl'],
    aborted: [],
  });
  const { rows, counts } = w.batch('b1');
  expect((await w.rows(rows?.results)).map((row) => row.custom_id)).toEqual(['a', 'd']);
  expect((await w.rows(rows?.errors)).map((row) => row.custom_id)).toEqual(['b', 'c']);
  expect(counts).toEqual({ total: 4, succeeded: 2, failed: 0, unfinished: 2 });
});

test.each([
  [
    'in one file',
    { output: [rowOf('a', RATE_LIMITED), ...IDS.map((id) => rowOf(id))], errors: [] },
  ],
  ['in two files', { output: IDS.map((id) => rowOf(id)), errors: [rowOf('b', RATE_LIMITED)] }],
])(
  'a second row of a request, %s, is decided about as if all rows were read first',
  async (_, files) => {
    const { w, seen } = await ended(files);

    await collect(w);

    expect(seen).toEqual({
      read: ['errors', 'output', 'output', 'errors'],
      closed: ['results.jsonl', 'errors.jsonl'],
      aborted: ['results.jsonl', 'errors.jsonl'],
    });
    const { rows, counts } = w.batch('b1');
    expect((await w.rows(rows?.results)).map((row) => row.custom_id)).toEqual(IDS);
    expect(await w.rows(rows?.errors)).toEqual([]);
    expect(counts.succeeded).toBe(4);
    expect(w.logged.filter((line) => line.startsWith('job output is read again'))).toHaveLength(1);
  },
);

test('a write that fails in the middle leaves nothing to see, and is repeated', async () => {
  const { w, seen } = await ended({ output: IDS.map((id) => rowOf(id)) });
  const { writer } = w.objects;
  w.objects.writer = (key) => ({
    ...writer(key),
    write: () => Promise.reject(new Error('the bucket is full')),
  });
  const before = [...w.bucket.objects.keys()];

  await collect(w);

  expect(w.batch('b1').status).toBe('collecting');
  expect([...w.bucket.objects.keys()]).toEqual(before);
  expect(seen.closed).toEqual([]);
  expect(seen.aborted).toEqual(['results.jsonl', 'errors.jsonl']);

  w.objects.writer = writer;
  w.advance(3600);
  await collect(w);
  const { rows } = w.batch('b1');
  expect((await w.rows(rows?.results)).map((row) => row.custom_id)).toEqual(IDS);
});

test('fewer answers than the provider counts are found before anything can be seen', async () => {
  const { w, seen } = await ended({ output: ['a', 'b'].map((id) => rowOf(id)) });
  const job = w.provider.jobs.at(-1);
  if (job?.state.state === 'ended')
    job.state = { state: 'ended', outcome: { ...job.state.outcome, answered: 4 } };

  await collect(w);

  expect(w.batch('b1').status).toBe('collecting');
  expect(seen.closed).toEqual([]);
  expect(seen.aborted).toEqual(['results.jsonl', 'errors.jsonl']);
});
