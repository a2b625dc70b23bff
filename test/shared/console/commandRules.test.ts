import { describe, expect, it } from 'vitest';
import type { Status } from '../../../shared/batch/status.ts';
import { type CommandTarget, planCommand } from '../../../shared/console/commandRules.ts';

const ended = (batchId: string, changes: Partial<CommandTarget> = {}): CommandTarget => ({
  ...{ batchId, status: 'completed', cancelRequested: false, hasRows: true, estimatedCost: 2 },
  counts: { total: 100, succeeded: 75, failed: 20, unfinished: 5 },
  ...changes,
});
const ids = (batches: readonly CommandTarget[]) => batches.map(({ batchId }) => batchId);

describe('a command for several batches', () => {
  it('cancels those that are open and not being cancelled', () => {
    const open = (batchId: string, status: Status) => ended(batchId, { status, hasRows: false });
    const plan = planCommand('cancel', [
      ...[open('a', 'running'), open('b', 'inspecting'), open('c', 'delivering'), ended('d')],
      { ...open('e', 'queued'), cancelRequested: true },
    ]);
    expect(ids(plan.possible)).toEqual(['a', 'b', 'c']);
    expect([...plan.leftOut]).toEqual([
      ['it has ended', 1],
      ['it is being cancelled', 1],
    ]);
  });

  it('retries what has not succeeded, for its share of the estimates', () => {
    const plan = planCommand('retry', [
      ended('a'),
      ended('b', { status: 'cancelled', estimatedCost: 4 }),
      ended('c', { counts: { total: 5, succeeded: 5, failed: 0, unfinished: 0 } }),
      ended('d', { hasRows: false }),
      ended('e', { status: 'running' }),
    ]);
    expect(ids(plan.possible)).toEqual(['a', 'b']);
    expect(plan).toMatchObject({ requests: 50, cost: 1.5, unknownCosts: 0 });
    expect([...plan.leftOut.values()]).toEqual([1, 1, 1]);
  });

  it('says of which batches the cost is not known', () => {
    const { estimatedCost: _known, ...unknown } = ended('a');
    expect(planCommand('retry', [unknown]).cost).toBeUndefined();
    expect(planCommand('retry', [unknown, ended('b')])).toMatchObject({
      ...{ cost: 0.5, unknownCosts: 1 },
    });
  });

  it('redelivers those that have rows', () => {
    const plan = planCommand('redeliver', [
      ...[ended('a'), ended('b', { hasRows: false }), ended('c', { status: 'retrying' })],
    ]);
    expect(ids(plan.possible)).toEqual(['a']);
    expect([...plan.leftOut.keys()]).toEqual(['none of its requests ever ran', 'it has not ended']);
  });
});
