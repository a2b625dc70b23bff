import { describe, expect, test } from 'vitest';
import { METRICS } from '../../../shared/metrics.ts';
import { SUCCESS } from '../../support/fakes/fakeProvider.ts';
import { type World, world } from '../../support/world.ts';

const IDS = ['a', 'b', 'c', 'd'];
const rowOf = (customId: string, row: object = SUCCESS) =>
  JSON.stringify({ id: `r-${customId}`, custom_id: customId, ...row });

async function step(w: World): Promise<void> {
  await w.sweep();
  await w.workAll();
}

/** A batch whose job has written these lines. */
async function withOutput(lines: readonly string[]): Promise<World> {
  const w = world();
  await w.add('b1', IDS);
  await w.workAll();
  await step(w);
  const [job] = w.provider.jobs;
  if (!job) throw new Error('there is no job');
  w.provider.end(job, { kind: 'completed' }, () => SUCCESS);
  w.provider.rows.set(`file_of_${job.id}`, [...lines]);
  return w;
}

async function rowsOf(w: World) {
  const { rows } = w.batch('b1');
  const [results, errors] = [await w.rows(rows?.results), await w.rows(rows?.errors)];
  return { results: results.map((row) => row.custom_id), errors };
}

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
