import { peekDeadLetters } from '../aws/deadLetters.ts';
import { ClientError } from './clientError.ts';
import type { Connection } from './connection.ts';

/** A message that is on its way, and what it is about. */
export interface Sent {
  readonly batchId: string;
  /** The id that SQS gave the message. */
  readonly messageId: string;
}

/**
 * Looks whether a message was put aside.
 *
 * @throws ClientError `refused`, with the handler's reason
 */
export async function checkRefusal(
  { sqs, handler }: Pick<Connection, 'sqs' | 'handler'>,
  { batchId, messageId }: Sent,
): Promise<void> {
  const letter = await peekDeadLetters(
    sqs,
    handler.resources.deadLetterQueue,
    (each) => each.messageId === messageId,
  );
  if (letter === undefined) return;
  const { reason = 'no function could handle its message; see the logs' } = letter;
  throw new ClientError('refused', `the message for batch ${batchId} was refused: ${reason}`);
}
