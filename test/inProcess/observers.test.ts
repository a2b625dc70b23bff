import { afterEach, expect, it, vi } from 'vitest';
import { observersOf } from '../../inProcess/observers.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

function broken(): never {
  throw new Error('the connection is closed');
}

it.each([
  ['throw', broken],
  ['reject', async () => broken()],
])('a log and metrics that %s stop nothing, and are named once', async (_, fail) => {
  const emitWarning = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
  const { log, metrics } = observersOf({
    log: { info: fail, warn: fail, error: fail },
    metrics: { count: fail, measure: fail },
  });

  metrics.count('a', 1);
  metrics.measure('b', 2, 'openai');
  log.info('c');
  log.warn('d');
  log.error('e', {});
  await Promise.resolve();

  expect(emitWarning.mock.calls).toEqual([
    ['metrics of createBatchHandler failed: the connection is closed'],
  ]);
});

it('are called as methods of what was given', () => {
  class Counter {
    readonly counted: unknown[] = [];
    count(...values: unknown[]) {
      this.counted.push(values);
    }
    measure() {}
  }
  const counter = new Counter();

  observersOf({ metrics: counter }).metrics.count('a', 1, 'openai');

  expect(counter.counted).toEqual([['a', 1, 'openai']]);
});
