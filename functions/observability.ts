import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';
import type { Context } from 'aws-lambda';
import type * as ports from '../shared/batch/ports.ts';
import { DIMENSIONS, isByProvider, METRIC_NAMESPACE, unitOf } from '../shared/metrics.ts';
import { nameSources } from './sourcePositions.ts';

// Both take the service name from POWERTOOLS_SERVICE_NAME, which tells several handlers in one account apart.
const logger = new Logger();
const ofHandler = new Metrics({ namespace: METRIC_NAMESPACE });
/** The emitters of providers and of tenants. */
const ofOthers = new Map<string, Metrics>();

export const log: ports.Log = {
  info: (message, fields = {}) => logger.info(message, { ...fields }),
  warn: (message, fields = {}) => logger.warn(message, { ...fields }),
  error: (message, fields = {}) => logger.error(message, { ...fields }),
};

/**
 * The metrics of a handler. CloudWatch charges for each: those of its only provider entry would say what
 * its own say.
 *
 * @param entries number of its provider entries
 */
export function metricsOf(entries: number): ports.Metrics {
  const isOnly = entries < 2;
  return {
    count(name, value, provider) {
      ofHandler.addMetric(name, unitOf(name), value);
      if (provider !== undefined && isByProvider(name) && !isOnly)
        emitterOf(DIMENSIONS.provider, provider).addMetric(name, unitOf(name), value);
    },
    measure(name, value, provider, tenant) {
      if (provider !== undefined && isOnly) return;
      const emitter =
        provider !== undefined
          ? emitterOf(DIMENSIONS.provider, provider)
          : tenant !== undefined
            ? emitterOf(DIMENSIONS.tenant, tenant)
            : ofHandler;
      emitter.addMetric(name, unitOf(name), value);
    },
  };
}

function emitterOf(dimension: string, value: string): Metrics {
  const defaultDimensions = { [dimension]: value };
  const key = `${dimension} ${value}`;
  const emitter =
    ofOthers.get(key) ?? new Metrics({ namespace: METRIC_NAMESPACE, defaultDimensions });
  ofOthers.set(key, emitter);
  return emitter;
}

/**
 * Runs one invocation of a function: its log lines carry the request id, its metrics are written at the
 * end, and the stack of what it throws, which Lambda logs, names places in the source.
 *
 * @param context undefined outside of a function of Lambda
 */
export async function observed<T>(
  context: Context | undefined,
  work: () => Promise<T>,
): Promise<T> {
  if (context) logger.addContext(context);
  try {
    return await work();
  } catch (error) {
    nameSources(error);
    throw error;
  } finally {
    flushMetrics();
  }
}

function flushMetrics(): void {
  // The library would log a warning for an emitter without metrics.
  for (const each of [ofHandler, ...ofOthers.values()])
    if (each.hasStoredMetrics()) each.publishStoredMetrics();
}
