import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { gather } from '../shared/collector/gather.ts';
import { dependencies } from './compose.ts';
import { flushMetrics, logger } from './observability.ts';

/** Gathers the single requests of the collector queue, all messages of an event together. */
export async function handler(event: SQSEvent, context: Context): Promise<SQSBatchResponse> {
  logger.addContext(context);
  const { collector, ...others } = dependencies();
  if (!collector) throw new Error('this function was deployed without the settings of a collector');
  const deadline = Date.now() + context.getRemainingTimeInMillis();
  try {
    const failed = await gather({ ...others, collector }, event.Records, deadline);
    return { batchItemFailures: [...failed].map((itemIdentifier) => ({ itemIdentifier })) };
  } finally {
    flushMetrics();
  }
}
