import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { gather } from '../shared/collector/gather.ts';
import { type Compose, composition } from './compose.ts';
import { observed } from './observability.ts';

/** Collects the single requests of the collector queue. It handles all messages of an event together. */
export function createCollector(compose: Compose) {
  return (event: SQSEvent, context: Context): Promise<SQSBatchResponse> =>
    observed(context, async () => {
      const { collector, ...ports } = compose().dependencies;
      if (!collector) throw new Error('this function was deployed without collector settings');
      const deadline = Date.now() + context.getRemainingTimeInMillis();
      const failed = await gather({ ...ports, collector }, event.Records, deadline);
      return { batchItemFailures: [...failed].map((itemIdentifier) => ({ itemIdentifier })) };
    });
}

export const handler = createCollector(composition());
