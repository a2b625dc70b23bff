import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { messageOf } from '../shared/batch/errors.ts';
import type { Dependencies } from '../shared/usecases/dependencies.ts';
import { logFieldsOf } from '../shared/usecases/logFields.ts';
import { type Compose, logOf } from './compose.ts';
import { observed } from './observability.ts';

/** @param deadline when the function is killed, in milliseconds since 1970 */
type HandleMessage = (
  dependencies: Dependencies,
  message: SQSRecord,
  deadline: number,
) => Promise<void>;

/** A message that is begun later than that before the deadline is likely to be cut off, with all others. */
const RESERVE_MS = 5_000;

/** The handler of a queue. It handles each message on its own, and those that throw return to the queue. */
export function sqsHandler(compose: Compose, handle: HandleMessage) {
  const processor = new BatchProcessor(EventType.SQS);
  return (event: SQSEvent, context: Context): Promise<SQSBatchResponse> =>
    observed(context, () => {
      const deadline = Date.now() + context.getRemainingTimeInMillis();
      const handleMessage = (message: SQSRecord) =>
        handleLogged(compose, handle, message, deadline);
      // One after the other: each may hold as much memory as there is for one.
      const options = { context, throwOnFullBatchFailure: false, processInParallel: false };
      return processPartialResponse(event, handleMessage, processor, options);
    });
}

async function handleLogged(
  compose: Compose,
  handle: HandleMessage,
  message: SQSRecord,
  deadline: number,
): Promise<void> {
  try {
    if (Date.now() > deadline - RESERVE_MS)
      throw new Error('the function ran out of time: the message will be delivered again');
    await handle(compose().dependencies, message, deadline);
  } catch (error) {
    logOf(compose).error('message failed; returned to queue', {
      messageId: message.messageId,
      ...logFieldsOf(error),
      error: messageOf(error),
    });
    throw error;
  }
}
