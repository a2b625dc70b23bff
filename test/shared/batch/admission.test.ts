import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { admit, loadOf } from '../../../shared/batch/admission.ts';
import type { WaitingHint } from '../../../shared/batch/ports.ts';

const limits = { maxInFlight: 3, maxEnqueuedTokens: 100, maxRequests: 10, maxBytes: 10 };
const waiting = (batchId: string, estimatedTokens: number, model?: string): WaitingHint => ({
  batchId,
  model,
  requests: 1,
  estimatedTokens,
  deadlineAt: 0,
});
const admitted = (queue: WaitingHint[], active: WaitingHint[] = [], full?: Set<string>) =>
  admit(queue, loadOf(active), limits, full).map(({ batchId }) => batchId);

describe('admit', () => {
  it.each([
    ['all that fit, in order', [waiting('a', 10), waiting('b', 10)], [], ['a', 'b']],
    [
      'no more jobs than allowed',
      [waiting('a', 1), waiting('b', 1)],
      [waiting('x', 1), waiting('y', 1)],
      ['a'],
    ],
    ['no more tokens than allowed', [waiting('a', 60), waiting('b', 60)], [], ['a']],
    [
      'no small one past a large one of its model',
      [waiting('a', 60), waiting('b', 10)],
      [waiting('x', 50)],
      [],
    ],
    [
      'another model past a full one',
      [waiting('a', 60, 'm'), waiting('b', 90, 'n')],
      [waiting('x', 50, 'm')],
      ['b'],
    ],
    ['one larger than the limit, alone', [waiting('a', 900), waiting('b', 1)], [], ['a']],
    ['nothing larger than the limit beside others', [waiting('a', 900)], [waiting('x', 1)], []],
  ])('takes %s', (_, queue, active, expected) => {
    expect(admitted(queue, active)).toEqual(expected);
  });

  it('remembers over pages which models were full', () => {
    const full = new Set<string>();
    expect(admitted([waiting('a', 60)], [waiting('x', 50)], full)).toEqual([]);
    expect(admitted([waiting('b', 1)], [waiting('x', 50)], full)).toEqual([]);
  });

  it('never holds more than the limits, unless one batch alone does', () => {
    const hints = fc.array(
      fc.record({ tokens: fc.integer({ min: 0, max: 150 }), model: fc.constantFrom('m', 'n') }),
    );
    fc.assert(
      fc.property(hints, (queue) => {
        const load = loadOf([]);
        const batches = queue.map(({ tokens, model }, i) => waiting(`${i}`, tokens, model));
        const started = admit(batches, load, limits);
        expect(load.jobs).toBe(started.length);
        expect(load.jobs).toBeLessThanOrEqual(limits.maxInFlight);
        for (const [model, tokens] of load.tokens) {
          const ofModel = started.filter(
            (batch) => batch.model === model && batch.estimatedTokens > 0,
          );
          if (ofModel.length > 1) expect(tokens).toBeLessThanOrEqual(limits.maxEnqueuedTokens);
        }
      }),
    );
  });
});
