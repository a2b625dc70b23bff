import { sendBatchMessage } from '../aws/batchMessages.ts';
import type { Batch } from '../batch/batch.ts';
import type { BatchEvent } from '../batch/events.ts';
import { BATCH_ID_PATTERN } from '../batch/identifiers.ts';
import { decide } from '../batch/lifecycle/decide.ts';
import type { CommandMessage } from '../batch/messages.ts';
import { isEnded } from '../batch/status.ts';
import { DEFAULT_POLICY } from '../config.ts';
import { ClientError } from './clientError.ts';
import type { Connection } from './connection.ts';
import type { Sent } from './refusal.ts';

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
  { batches, sqs, handler }: Pick<Connection, 'batches' | 'sqs' | 'handler'>,
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
