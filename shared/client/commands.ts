import { setTimeout as wait } from 'node:timers/promises';
import { peekDeadLetters, sendBatchMessage } from '../aws/queues.ts';
import { BATCH_ID_PATTERN } from '../batch/ids.ts';
import { decide } from '../batch/lifecycle/decide.ts';
import type { BatchEvent } from '../batch/lifecycle/events.ts';
import type { CommandMessage, ProviderMessage } from '../batch/messages.ts';
import type { Batch } from '../batch/record.ts';
import { isEnded } from '../batch/status.ts';
import { DEFAULT_POLICY } from '../config.ts';
import { ClientError, type HandlerConnection } from './connection.ts';

/** What a user may ask of a batch. */
export type Command = CommandMessage['action'];

/** A command on its way. */
export interface SentCommand extends Sent {
  readonly action: Command;
}

/** An id that no message has. */
const messageId = 'asked beforehand';

const EVENTS: Readonly<Record<Command, BatchEvent>> = {
  cancel: { type: 'cancelRequested', messageId },
  retry: { type: 'retryRequested', messageId },
  redeliver: { type: 'redeliverRequested', messageId },
};

/**
 * Sends a command, if it makes sense in the status that the batch has now. The batch may be in
 * another one when the message arrives: the handler decides then, by the same rules.
 *
 * @throws ClientError
 */
export async function command(
  { batches, sqs, handler }: Pick<HandlerConnection, 'batches' | 'sqs' | 'handler'>,
  action: Command,
  batchId: string,
): Promise<SentCommand> {
  if (!BATCH_ID_PATTERN.test(batchId)) {
    const what = batchId.includes('/') ? 'names a part: name its batch' : 'is no batch id';
    throw new ClientError('invalid_input', `cannot ${action} ${batchId}: it ${what}`);
  }
  const batch = await batches.get(batchId);
  if (batch === undefined)
    throw new ClientError('unknown_batch', `there is no batch ${batchId} to ${action}`);
  const why = objection(batch, action);
  if (why !== undefined)
    throw new ClientError('not_possible', `cannot ${action} batch ${batchId}: ${why}`);
  const message = { action, batchId };
  const { batchQueue } = handler.resources;
  return { ...message, messageId: await sendBatchMessage(sqs, batchQueue, message) };
}

/** Why the command makes no sense now, by the handler's own rules. */
function objection(batch: Batch, action: Command): string | undefined {
  if (action !== 'cancel' && !isEnded(batch.status))
    return `it is ${batch.status}, and this is for batches that have ended`;
  // Of the moment only times depend, which are not looked at.
  const moment = { policy: DEFAULT_POLICY, now: batch.statusAt, random: 0 };
  const decision = decide(batch, EVENTS[action], moment);
  return 'why' in decision ? decision.why : undefined;
}

export interface ProviderCommandOptions {
  /** For whoever finds the provider paused. */
  readonly reason?: string | undefined;
  /** How long the handler may take to take it in. Default 60 */
  readonly timeoutSeconds?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Pauses a provider, or lets it go on, and waits until the handler has taken that in. The message
 * counts from when it was sent: it may be sent again at any time.
 *
 * @throws ClientError for a provider that the handler has not, or if it was not taken in in time;
 *   the signal's reason
 */
export async function commandProvider(
  { handler, sqs, providerStates }: Pick<HandlerConnection, 'handler' | 'sqs' | 'providerStates'>,
  action: ProviderMessage['action'],
  provider: string,
  { reason, timeoutSeconds = 60, signal }: ProviderCommandOptions = {},
): Promise<void> {
  if (!handler.providers.includes(provider)) {
    const known = handler.providers.join(', ');
    throw new ClientError('invalid_input', `there is no provider ${provider}: use one of ${known}`);
  }
  const before = (await providerStates.get(provider)).lastCommand?.messageId;
  const messageId = await sendBatchMessage(sqs, handler.resources.batchQueue, {
    ...{ action, provider },
    ...(reason === undefined ? {} : { reason }),
  });
  const until = Date.now() + timeoutSeconds * 1000;
  while (Date.now() < until) {
    const { lastCommand } = await providerStates.get(provider);
    // Mine, or one of somebody else that was sent after it and came in already.
    if (lastCommand?.messageId === messageId || lastCommand?.messageId !== before) return;
    await wait(500, undefined, { signal });
  }
  throw new ClientError(
    'timeout',
    `${action} was sent, and the handler has not taken it in in ${timeoutSeconds} s: see batch-handler doctor`,
  );
}

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
  { sqs, handler }: Pick<HandlerConnection, 'sqs' | 'handler'>,
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
