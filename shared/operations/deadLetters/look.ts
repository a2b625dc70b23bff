import { type Message, ReceiveMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';

/** A message that was put aside. */
export interface DeadLetter {
  /** That it was sent with; one that SQS itself moved keeps it. */
  readonly messageId: string;
  /** Milliseconds since 1970. */
  readonly sentAt: number;
  /** Why, if the handler put it aside; without one, SQS did after too many failures. */
  readonly reason: string | undefined;
  /** The batch, where the message names one. */
  readonly batchId: string | undefined;
}

/** Of one receive. */
const MOST_MESSAGES = 10;
/** Receives: each asks some of a queue's machines, so that one alone may miss what there is. */
const LOOKS = 4;

/** Some of a dead-letter queue's messages, which stay there as they are. */
export async function lookAtDeadLetters(
  sqs: SQSClient,
  queueUrl: string,
): Promise<readonly DeadLetter[]> {
  const seen = new Map<string, DeadLetter>();
  for (let looks = 0; looks < LOOKS && seen.size < MOST_MESSAGES; looks++) {
    const { Messages: messages = [] } = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: queueUrl,
        MaxNumberOfMessages: MOST_MESSAGES,
        VisibilityTimeout: 0,
        MessageSystemAttributeNames: ['SentTimestamp'],
        MessageAttributeNames: ['reason', 'messageId'],
      }),
    );
    for (const message of messages) seen.set(message.MessageId ?? '', deadLetterOf(message));
  }
  return [...seen.values()];
}

function deadLetterOf({ MessageId, Body, Attributes, MessageAttributes }: Message): DeadLetter {
  return {
    messageId: MessageAttributes?.messageId?.StringValue ?? MessageId ?? '',
    sentAt: Number(Attributes?.SentTimestamp ?? 0),
    reason: MessageAttributes?.reason?.StringValue,
    batchId: batchIdIn(Body),
  };
}

/** The body may hold requests, and is nobody's business beyond that. */
function batchIdIn(body = ''): string | undefined {
  try {
    const { batchId } = JSON.parse(body) as { batchId?: unknown };
    return typeof batchId === 'string' ? batchId : undefined;
  } catch {
    return undefined;
  }
}
