import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { METRICS } from '../../shared/metrics.ts';
import type { Monitored } from './monitored.ts';
import { DAY, graph, HOUR, most, ofEachProvider, sum } from './widgets.ts';

/** What the providers charge, as far as prices are known. */
export function costWidgets(monitored: Monitored): cloudwatch.IWidget[] {
  return [
    graph(
      'USD a day, by provider, of two weeks',
      ofEachProvider(monitored, sum(monitored, METRICS.cost, 'USD', DAY)),
      { stacked: true, start: '-P14D', end: 'P0D' },
    ),
    graph('Tokens an hour', [sum(monitored, METRICS.tokens, 'tokens', HOUR)]),
    graph('Kept back', [
      most(monitored, METRICS.budgetWaits, 'batches, by a budget'),
      most(monitored, METRICS.pauseWaits, 'batches, by a pause'),
    ]),
  ];
}
