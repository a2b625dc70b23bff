import { type Message, ReceiveMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';

/** A message that was put aside. */
export interface DeadLetter {
  /** The id that it was sent with. */
  readonly messageId: string;
  /** What the handler said of it; absent if the queue put it aside, after too many tries. */
  readonly reason: string | undefined;
}

/** SQS hands out at most ten at a time, and any of those that there are. */
const MESSAGES = 10;
/** Waiting has SQS ask all of its servers, so that an empty answer means an empty queue. */
const WAIT_SECONDS = 1;
/** Looks without anything new after which there is nothing more to see. */
const IDLE_LOOKS = 2;
/** Together they see 300 messages at the most. */
const MAX_LOOKS = 30;

/**
 * Looks into a dead-letter queue until `isFound`, and leaves everything as it was: no message is
 * hidden from anybody, and the receives count for nothing, as no queue stands behind this one. Of a
 * long queue it sees a part.
 */
export async function peekDeadLetters(
  client: SQSClient,
  queueUrl: string,
  isFound: (letter: DeadLetter) => boolean,
): Promise<DeadLetter | undefined> {
  const seen = new Set<string>();
  for (let looks = 0, idle = 0; looks < MAX_LOOKS && idle < IDLE_LOOKS; looks++) {
    const { Messages: messages = [] } = await client.send(
      new ReceiveMessageCommand({
        QueueUrl: queueUrl,
        MaxNumberOfMessages: MESSAGES,
        VisibilityTimeout: 0,
        WaitTimeSeconds: WAIT_SECONDS,
        MessageAttributeNames: ['reason', 'messageId'],
      }),
    );
    if (messages.length === 0) return undefined;
    const letters = messages.map(letterOf);
    const found = letters.find(isFound);
    if (found !== undefined) return found;
    const before = seen.size;
    for (const { messageId } of letters) seen.add(messageId);
    idle = seen.size === before ? idle + 1 : 0;
  }
  return undefined;
}

function letterOf({ MessageId: id = '', MessageAttributes: attributes }: Message): DeadLetter {
  const { messageId, reason } = attributes ?? {};
  return { messageId: messageId?.StringValue ?? id, reason: reason?.StringValue };
}
