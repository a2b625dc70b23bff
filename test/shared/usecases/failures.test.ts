import { describe, expect, it } from 'vitest';
import { DEFAULT_POLICY } from '../../../shared/batch/policy.ts';
import { toItem } from '../../../shared/stores/batchItem.ts';
import { SUCCESS } from '../../support/fakes/fakeProvider.ts';
import { type World, world } from '../../support/world.ts';

/** The row of a request, by its id. */
type RowEnd = (id: string) => object;

const refusal = (code: string) => ({
  response: { status_code: 400, request_id: 'q', body: { error: { code, message: 'm' } } },
  error: null,
});

/** Ends all running jobs, and takes their batches as far as they go without time passing. */
async function endJobs(w: World, rowOf: RowEnd): Promise<void> {
  await w.sweep();
  await w.workAll();
  for (const job of w.provider.jobs)
    if (job.state.state === 'running') w.provider.end(job, { kind: 'completed' }, rowOf);
  for (let steps = 0; steps < 4; steps++) {
    await w.sweep();
    await w.workAll();
  }
}

async function ended(ids: readonly string[], rowOf: RowEnd, w = world()): Promise<World> {
  await w.add('b1', ids);
  await w.workAll();
  await endJobs(w, rowOf);
  await w.settle();
  return w;
}

describe('the failed requests of a batch', () => {
  const rowOf: RowEnd = (id) =>
    id.startsWith('v') ? refusal('invalid_value') : id === 'c' ? refusal('content') : SUCCESS;

  it('are counted by error in its record and in the event of its end', async () => {
    const w = await ended(['v1', 'a', 'c', 'v2', 'v3'], rowOf);
    const groups = [
      { count: 3, code: 'invalid_value', status: 400, example: 'v1' },
      { count: 1, code: 'content', status: 400, example: 'c' },
    ];
    expect(w.batch('b1')).toMatchObject({ status: 'completed', failureGroups: groups });
    expect(w.announced.at(-1)).toMatchObject({
      to: 'completed',
      failures: { total: 4, groups, other: 0 },
    });
  });

  it('are those that are left once a retry has replaced some', async () => {
    const w = await ended(['v1', 'a', 'c', 'v2', 'v3'], rowOf);
    await w.send({ action: 'retry', batchId: 'b1' });
    await endJobs(w, (id) => (id === 'v3' ? refusal('invalid_value') : SUCCESS));
    await w.settle();
    expect(w.batch('b1').failureGroups).toEqual([
      { count: 1, code: 'invalid_value', status: 400, example: 'v3' },
    ]);
    const again = w.announced.filter(({ to }) => to === 'queued').at(-1);
    expect(again).not.toHaveProperty('failures');
  });

  it('are none if there are none', async () => {
    const w = await ended(['a'], () => SUCCESS);
    expect(w.batch('b1').failureGroups).toEqual([]);
    expect(w.announced.at(-1)).not.toHaveProperty('failures');
  });

  it('in parts are summed in their batch', async () => {
    const w = world();
    Object.assign(w.provider, { limits: { ...w.provider.limits, maxRequests: 2 } });
    await ended(['v1', 'a', 'c', 'v2', 'v3'], rowOf, w);
    expect(w.batch('b1/2').failureGroups).toHaveLength(2);
    expect(w.batch('b1').failureGroups).toEqual([
      { count: 3, code: 'invalid_value', status: 400, example: 'v1' },
      { count: 1, code: 'content', status: 400, example: 'c' },
    ]);
  });

  it('fit into the record, whatever their codes are', async () => {
    const ids = Array.from({ length: 3_000 }, (_, index) => `r${index}`);
    const w = await ended(ids, (id) => (id === 'r0' ? SUCCESS : refusal(`${id}\n"漢`.repeat(99))));
    const { failureGroups, counts } = w.batch('b1');
    expect(counts.failed).toBe(2_999);
    expect(failureGroups).toHaveLength(10);
    expect(
      String(toItem(w.batch('b1'), { ...DEFAULT_POLICY, partitions: { due: 4, active: 1 } }).record)
        .length,
    ).toBeLessThan(6_000);
    expect(w.announced.at(-1)?.failures).toMatchObject({ total: 2_999, other: 2_989 });
  });
});

it('the problems of a refused input are counted by kind in its record and in the event', async () => {
  const w = world();
  await w.add('b1', ['a', 'a', 'a', 'b', 'b']);
  await w.workAll();
  const problems = w.announced.at(-1)?.problems;
  expect(problems).toMatchObject({
    total: 3,
    groups: [{ count: 3, code: 'duplicate_custom_id', isVaried: true, lines: [2, 3, 5] }],
    other: 0,
  });
  expect(w.batch('b1')).toMatchObject({ status: 'failed', inputProblems: problems });
});

it('the problem of an input that cannot be copied is counted, too', async () => {
  const w = world();
  await w.add('b1', ['a']);
  await w.dependencies.objects.writer('uploads/b1.jsonl').close();
  await w.workAll();
  expect(w.batch('b1')).toMatchObject({ status: 'failed', inputProblems: { total: 1 } });
});
