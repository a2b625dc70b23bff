import type { Context } from 'aws-lambda';
import { dependencies } from '../dependencies.ts';
import { flushMetrics, logger } from '../observability.ts';
import { work } from './work.ts';

/** Looks at everything that is due, once per tick of the schedule, or at one job that has ended. */
export async function handler(event: unknown, context: Context): Promise<void> {
  logger.addContext(context);
  try {
    await work(dependencies(), event, Date.now() + context.getRemainingTimeInMillis());
  } finally {
    flushMetrics();
  }
}
