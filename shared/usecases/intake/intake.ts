import { RefusedError, refusal } from '../../batch/errors.ts';
import type { BatchQueueMessage } from '../../batch/messages.ts';
import { METRICS } from '../../metrics.ts';
import { subjectOf } from '../about.ts';
import type { Dependencies } from '../dependencies.ts';
import { readText } from '../readText.ts';
import { add } from './add.ts';
import { command } from './command.ts';
import { addFromInbox } from './inbox.ts';
import { parseBatchMessage } from './parse.ts';
import { providerCommand } from './providerCommand.ts';

const MESSAGE = { what: 'the message', fix: 'put its requests into a file' };

/** A message of the batch queue as SQS delivered it. */
export interface Delivered {
  readonly body: string;
  readonly messageId: string;
  /** Milliseconds since 1970, as SQS tells it: the same however often the message is delivered. */
  readonly sentAt: number;
  /** How often SQS has delivered it, this time included. */
  readonly receiveCount: number;
}

/**
 * Acts on one message of the batch queue. A message that can never succeed is put into the
 * dead-letter queue with its reason; whatever may pass throws, so that SQS delivers it again.
 */
export async function intake(dependencies: Dependencies, message: Delivered): Promise<void> {
  const { queues, log, metrics } = dependencies;
  const { messageId } = message;
  try {
    await act(dependencies, await read(dependencies, message.body), message);
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    const { code, message: text } = error.reason;
    log.warn('message refused', { messageId, ...subjectOf(error), reason: error.reason });
    metrics.count(METRICS.refused, 1);
    await queues.sendDeadLetter('batch', message.body, `${code}: ${text}`, messageId);
  }
}

async function read(
  { objects }: Dependencies,
  body: string,
): Promise<Exclude<BatchQueueMessage, { action: 'pointer' }>> {
  const message = parseBatchMessage(body);
  if (message.action !== 'pointer') return message;
  const pointed = parseBatchMessage(await readText(objects.read(message.key), MESSAGE));
  if (pointed.action !== 'pointer') return pointed;
  const text = `${message.key} holds another pointer: it must hold the message itself`;
  throw refusal('invalid_message', text);
}

function act(
  dependencies: Dependencies,
  message: Exclude<BatchQueueMessage, { action: 'pointer' }>,
  delivered: Delivered,
): Promise<void> {
  switch (message.action) {
    case 'add':
      return add(dependencies, message, delivered.messageId);
    case 'inbox':
      return addFromInbox(dependencies, message, delivered.messageId);
    case 'pause':
    case 'resume':
      return providerCommand(dependencies, message, delivered);
    default:
      return command(dependencies, message, delivered);
  }
}
