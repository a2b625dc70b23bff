import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { gather } from '../shared/collector/gather.ts';
import { composed } from './compose.ts';
import { observed } from './observability.ts';

/** Collects the single requests of the collector queue. It handles all messages of an event together. */
export function handler(event: SQSEvent, context: Context): Promise<SQSBatchResponse> {
  return observed(context, async () => {
    const { collector, ...ports } = composed().dependencies;
    if (!collector) throw new Error('this function was deployed without collector settings');
    const deadline = Date.now() + context.getRemainingTimeInMillis();
    const failed = await gather({ ...ports, collector }, event.Records, deadline);
    return { batchItemFailures: [...failed].map((itemIdentifier) => ({ itemIdentifier })) };
  });
}
