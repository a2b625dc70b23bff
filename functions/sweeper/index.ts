import type { Context } from 'aws-lambda';
import { sweep } from '../../shared/usecases/sweep/sweep.ts';
import { dependencies } from '../dependencies.ts';
import { flushMetrics, logger } from '../observability.ts';

/** Looks at everything that is due, once per tick of the schedule. */
export async function handler(_event: unknown, context: Context): Promise<void> {
  logger.addContext(context);
  try {
    await sweep(dependencies(), Date.now() + context.getRemainingTimeInMillis());
  } finally {
    flushMetrics();
  }
}
