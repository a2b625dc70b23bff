import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type { Api } from '../resources/api.ts';
import { type AlarmDefinition, type AlarmSpec, over } from './alarmSpec.ts';
import type { Monitored } from './monitored.ts';
import { graph, HOUR, heading } from './widgets.ts';

const { SUM } = cloudwatch.Stats;

/** The alarms on the HTTP API. */
export const API_ALARMS = {
  /**
   * Requests to the API that ended with a status of 500 or above, in 15 minutes. Only with the prop `api`.
   *
   * @default 10
   */
  apiErrors: {
    defaultThreshold: 10,
    specs: ({ api }) =>
      ofApi(api, {
        id: 'ApiErrors',
        severity: 'page',
        command: 'doctor',
        summary: 'The API cannot answer requests: clients add no batches and read no results.',
        metric: 'Url5xxCount',
      }),
  },
  /**
   * Requests to the API that found no free concurrency, in 15 minutes. Only with the prop `api`.
   *
   * @default 100
   */
  apiThrottles: {
    defaultThreshold: 100,
    specs: ({ api }) =>
      ofApi(api, {
        id: 'ApiThrottles',
        severity: 'ticket',
        command: 'doctor',
        summary: 'The API is called by more at the same time than its concurrency allows.',
        metric: 'Throttles',
      }),
  },
} satisfies Record<string, AlarmDefinition>;

/** @param api undefined without the prop `api` */
function ofApi(
  api: Api | undefined,
  { metric, ...spec }: Omit<AlarmSpec, 'metric'> & { readonly metric: string },
): readonly AlarmSpec[] {
  return api ? [{ ...spec, metric: api.function.metric(metric, over(15)) }] : [];
}

/** The requests to the API, as Lambda counts them at its URL. Empty without the prop `api`. */
export function apiWidgets({ api }: Monitored): cloudwatch.IWidget[][] {
  if (!api) return [];
  const hourly = (name: string, label: string) =>
    api.function.metric(name, { label, statistic: SUM, period: HOUR });
  const latency = (percentile: string) =>
    api.function.metric('UrlRequestLatency', { label: percentile, statistic: percentile });
  return [
    [heading('API')],
    [
      graph('Requests to the API an hour', [
        hourly('UrlRequestCount', 'all'),
        hourly('Url4xxCount', 'refused, status 4xx'),
        hourly('Url5xxCount', 'failed, status 5xx'),
      ]),
      graph('Milliseconds to answer', [latency('p50'), latency('p99')]),
    ],
  ];
}
