import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { messageOf } from '../shared/batch/errors.ts';
import type { Dependencies } from '../shared/usecases/dependencies.ts';
import { batchContextOf } from '../shared/usecases/logContext.ts';
import { dependencies } from './compose.ts';
import { flushMetrics, logger } from './observability.ts';

/**
 * The handler of a queue: each message on its own, those that throw go back to the queue.
 *
 * @param handle gets the time at which the function is killed, in milliseconds since 1970
 */
export function sqsHandler(
  handle: (dependencies: Dependencies, record: SQSRecord, deadline: number) => Promise<void>,
): (event: SQSEvent, context: Context) => Promise<SQSBatchResponse> {
  const processor = new BatchProcessor(EventType.SQS);
  return async (event, context) => {
    logger.addContext(context);
    const deadline = Date.now() + context.getRemainingTimeInMillis();
    const handleRecord = async (record: SQSRecord): Promise<void> => {
      try {
        await handle(dependencies(), record, deadline);
      } catch (error) {
        const { messageId } = record;
        const fields = { messageId, ...batchContextOf(error), error: messageOf(error) };
        logger.error('a message goes back to its queue', fields);
        throw error;
      }
    };
    try {
      const options = { context, throwOnFullBatchFailure: false };
      return await processPartialResponse(event, handleRecord, processor, options);
    } finally {
      flushMetrics();
    }
  };
}
