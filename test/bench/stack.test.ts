import { describe, expect, it } from 'vitest';
import { waitForTick } from '../../bench/latency.ts';
import { durationsIn, metricsIn, startsIn } from '../../bench/usage.ts';

describe('the wait for the schedule', () => {
  const ticks = { firstAt: 10_000, intervalMs: 1_000 };

  it.each([
    [10_000, 0],
    [10_001, 999],
    [10_999, 1],
    [12_500, 500],
    [9_000, 1_000],
  ])('of something that is ready at %d is %d ms', (readyAt, expected) => {
    expect(waitForTick(ticks, readyAt)).toBe(expected);
  });
});

describe("a function's log", () => {
  const embedded = (name: string, provider?: string) =>
    JSON.stringify({
      _aws: {
        CloudWatchMetrics: [
          {
            Dimensions: [provider === undefined ? ['service'] : ['service', 'provider']],
            Metrics: [{ Name: name }],
          },
        ],
      },
      ...{ service: 's', provider, [name]: 1 },
    });
  const log = [
    'START RequestId: a',
    embedded('BatchesSwept'),
    embedded('BatchesSwept'),
    embedded('JobsSubmitted', 'one'),
    embedded('JobsSubmitted', 'two'),
    '{"message":"START RequestId: not one"}',
    'REPORT RequestId: a Duration: 12 ms',
    'START RequestId: b',
    'REPORT RequestId: b Duration: 7 ms {"errorType":"E"}',
  ].join('\n');

  it('gives the number and the durations of invocations', () => {
    expect(startsIn(log)).toBe(2);
    expect(durationsIn(log)).toEqual([12, 7]);
  });

  it('gives each metric once for each set of dimensions', () => {
    expect(metricsIn(log).size).toBe(3);
  });
});
