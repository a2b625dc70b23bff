import { type Message, ReceiveMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { DeadLetter } from '../batch/clientPorts.ts';

/** SQS returns at most ten messages at a time, and any of those that there are. */
const MAX_MESSAGES = 10;
/** A receive that waits asks all servers of SQS, so that an empty answer means an empty queue. */
const WAIT_SECONDS = 1;
/** After this many receives without anything new, there is nothing more to see. */
const MAX_IDLE_RECEIVES = 2;
/** Together they see at most 300 messages. */
const MAX_RECEIVES = 30;
/** Receives of a sample. A receive that does not wait asks only some servers, and may miss messages. */
const SAMPLE_RECEIVES = 4;

/**
 * Reads a dead-letter queue until a message `isWanted`, and leaves every message where it is,
 * visible to everyone. The number of receives does not matter, because no queue stands behind this
 * one. It sees only a part of a long queue.
 */
export async function findDeadLetter(
  client: SQSClient,
  queueUrl: string,
  isWanted: (letter: DeadLetter) => boolean,
): Promise<DeadLetter | undefined> {
  const seen = new Set<string>();
  let idle = 0;
  for (let receives = 0; receives < MAX_RECEIVES && idle < MAX_IDLE_RECEIVES; receives++) {
    const letters = (await receive(client, queueUrl, WAIT_SECONDS)).map(deadLetterOf);
    if (letters.length === 0) return undefined;
    const found = letters.find(isWanted);
    if (found !== undefined) return found;
    const before = seen.size;
    for (const { messageId } of letters) seen.add(messageId);
    idle = seen.size === before ? idle + 1 : 0;
  }
  return undefined;
}

/** Reads some messages of a dead-letter queue, without waiting, and leaves them where they are. */
export async function sampleDeadLetters(
  client: SQSClient,
  queueUrl: string,
): Promise<readonly DeadLetter[]> {
  const seen = new Map<string, DeadLetter>();
  for (let receives = 0; receives < SAMPLE_RECEIVES && seen.size < MAX_MESSAGES; receives++)
    for (const message of await receive(client, queueUrl))
      seen.set(message.MessageId ?? '', deadLetterOf(message));
  return [...seen.values()];
}

async function receive(
  client: SQSClient,
  queueUrl: string,
  waitSeconds?: number,
): Promise<readonly Message[]> {
  const { Messages: messages = [] } = await client.send(
    new ReceiveMessageCommand({
      QueueUrl: queueUrl,
      MaxNumberOfMessages: MAX_MESSAGES,
      VisibilityTimeout: 0,
      WaitTimeSeconds: waitSeconds,
      MessageSystemAttributeNames: ['SentTimestamp'],
      MessageAttributeNames: ['reason', 'messageId'],
    }),
  );
  return messages;
}

function deadLetterOf(message: Message): DeadLetter {
  const { MessageId: id = '', Body: body, Attributes: system, MessageAttributes: own } = message;
  return {
    messageId: own?.messageId?.StringValue ?? id,
    sentAt: Number(system?.SentTimestamp ?? 0),
    reason: own?.reason?.StringValue,
    batchId: batchIdIn(body),
  };
}

/** Takes nothing but the batch id from the body, which may hold requests. */
function batchIdIn(body = ''): string | undefined {
  try {
    const { batchId } = JSON.parse(body) as { batchId?: unknown };
    return typeof batchId === 'string' ? batchId : undefined;
  } catch {
    return undefined;
  }
}
