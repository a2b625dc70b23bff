import { messageOf } from '../shared/batch/errors.ts';
import type { Log, Metrics } from '../shared/batch/ports.ts';
import type { CheckedOptions } from './options.ts';

/**
 * The log and the metrics of a handler, in whose methods nothing fails: a metrics client that has lost its
 * connection must not stop the batches. The first failure is a warning of the process.
 */
export function observersOf(given: Pick<CheckedOptions, 'log' | 'metrics'>): {
  readonly log: Log;
  readonly metrics: Metrics;
} {
  const { log = stderrLog, metrics = noMetrics } = given;
  let isTold = false;
  function failed(what: string, error: unknown): void {
    if (isTold) return;
    isTold = true;
    process.emitWarning(`${what} of createBatchHandler failed: ${messageOf(error)}`);
  }
  function safely(what: string, call: () => unknown): void {
    try {
      // A function of the user's may be async.
      Promise.resolve(call()).catch((error: unknown) => failed(what, error));
    } catch (error) {
      failed(what, error);
    }
  }
  return {
    log: {
      info: (message, fields) => safely('log', () => log.info(message, fields)),
      warn: (message, fields) => safely('log', () => log.warn(message, fields)),
      error: (message, fields) => safely('log', () => log.error(message, fields)),
    },
    metrics: {
      count: (...values) => safely('metrics', () => metrics.count(...values)),
      measure: (...values) => safely('metrics', () => metrics.measure(...values)),
    },
  };
}

const noMetrics: Metrics = { count: () => {}, measure: () => {} };

/** Warnings and errors, a line each. */
const stderrLog: Log = {
  info: () => {},
  warn: (message, fields) => writeLine('warning', message, fields),
  error: (message, fields) => writeLine('error', message, fields),
};

function writeLine(level: string, message: string, fields: object = {}): void {
  const text = JSON.stringify(fields);
  const time = new Date().toISOString();
  process.stderr.write(`${time} ${level}: ${message}${text === '{}' ? '' : ` ${text}`}\n`);
}
