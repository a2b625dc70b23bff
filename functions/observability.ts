import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import type * as ports from '../shared/batch/ports.ts';
import { METRIC_NAMESPACE } from '../shared/metrics.ts';

// The service name comes from POWERTOOLS_SERVICE_NAME: it tells several handlers in one account apart.
export const logger = new Logger();
const emitter = new Metrics({ namespace: METRIC_NAMESPACE });

export const log: ports.Log = {
  info: (message, fields = {}) => logger.info(message, { ...fields }),
  warn: (message, fields = {}) => logger.warn(message, { ...fields }),
  error: (message, fields = {}) => logger.error(message, { ...fields }),
};

export const metrics: ports.Metrics = {
  count(name, value, provider) {
    emitter.addMetric(name, MetricUnit.Count, value);
    if (provider === undefined) return;
    const single = emitter.singleMetric();
    single.addDimension('provider', provider);
    single.addMetric(name, MetricUnit.Count, value);
  },
};

/** Writes what was counted in this invocation. */
export function flushMetrics(): void {
  emitter.publishStoredMetrics();
}
