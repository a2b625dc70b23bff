import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { METRICS } from '../../shared/metrics.ts';
import type { Monitored } from './monitored.ts';
import { graph, HOUR, inMinutes, most, ofEachProvider, sum } from './widgets.ts';

/** How things came to be as they are. */
export function trendWidgets(monitored: Monitored): cloudwatch.IWidget[][] {
  const hourly = (name: Parameters<typeof sum>[1], label: string) =>
    sum(monitored, name, label, HOUR);
  return [
    [
      graph('Batches an hour', [
        hourly(METRICS.accepted, 'accepted'),
        hourly(METRICS.completed, 'completed'),
        hourly(METRICS.failed, 'failed'),
        hourly(METRICS.cancelled, 'cancelled'),
      ]),
      graph('Requests an hour, of batches that ended', [
        hourly(METRICS.requestsSucceeded, 'succeeded'),
        hourly(METRICS.requestsFailed, 'failed'),
      ]),
      graph('Jobs and waits an hour', [
        hourly(METRICS.submitted, 'jobs submitted'),
        hourly(METRICS.retried, 'batches waiting to go on'),
        hourly(METRICS.requeued, 'batches going on'),
      ]),
    ],
    [
      graph(
        'Jobs in flight, by provider',
        ofEachProvider(monitored, most(monitored, METRICS.inFlight, 'jobs')),
        { stacked: true },
      ),
      graph('Waiting for room', [most(monitored, METRICS.queued, 'batches')], {
        right: [inMinutes(most(monitored, METRICS.oldestQueuedAge, 'seconds'), 'oldest, minutes')],
      }),
      graph(
        'Sweeps, seconds',
        [
          most(monitored, METRICS.sweepDuration, 'duration'),
          most(monitored, METRICS.sweepLag, 'behind'),
        ],
        {
          right: [
            sum(monitored, METRICS.swept, 'batches looked at'),
            sum(monitored, METRICS.sweepsTruncated, 'sweeps out of time'),
          ],
        },
      ),
    ],
  ];
}
