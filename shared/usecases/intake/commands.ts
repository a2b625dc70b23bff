import { refusal } from '../../batch/errors.ts';
import { objectKey } from '../../batch/ids.ts';
import type { BatchEvent } from '../../batch/lifecycle/events.ts';
import type {
  CommandMessage,
  ProviderMessage,
  RemoveMessage,
  RequeueMessage,
} from '../../batch/messages.ts';
import { omitUndefined } from '../../omitUndefined.ts';
import { applyProviderCommand } from '../../quota/providerState.ts';
import type { Dependencies } from '../dependencies.ts';
import { attributed, logFields } from '../logFields.ts';
import { updateProvider } from '../providerState.ts';
import { writeWhole } from '../smallObjects.ts';
import { type TransitionPorts, type TransitionResult, transition } from '../transition.ts';

type BatchCommand = CommandMessage | RequeueMessage;

/** A standard queue may deliver a command before the message that adds its batch. */
const DELIVERIES_BEFORE_REFUSAL = 3;

/**
 * Applies a command to a batch, once per message id.
 *
 * @throws RefusedError if the batch's status does not allow it, or there is no such batch
 */
export async function command(
  ports: TransitionPorts,
  message: BatchCommand,
  { messageId, receiveCount }: { readonly messageId: string; readonly receiveCount: number },
): Promise<void> {
  const { batchId } = message;
  const result = await transition(ports, batchId, eventOf(message, messageId));
  try {
    report(ports, result, message, receiveCount);
  } catch (error) {
    throw attributed(error, result.type === 'absent' ? { batchId } : result.batch);
  }
}

function report(
  { log }: Pick<Dependencies, 'log'>,
  result: TransitionResult,
  { action, batchId }: BatchCommand,
  receiveCount: number,
): void {
  switch (result.type) {
    case 'absent': {
      const text = `there is no batch ${batchId} to ${action}: check the batchId`;
      if (receiveCount < DELIVERIES_BEFORE_REFUSAL)
        throw new Error(`${text} (the message that adds it may not have arrived yet)`);
      throw refusal('unknown_batch', text);
    }
    case 'refused':
      throw refusal('not_possible', `cannot ${action} batch ${batchId}: ${result.why}`);
    case 'ignored':
      log.info('command ignored', { ...logFields(result.batch), action, why: result.why });
  }
}

function eventOf(message: BatchCommand, messageId: string): BatchEvent {
  switch (message.action) {
    case 'requeue':
      return { type: 'requeued', version: message.version };
    case 'cancel':
      return { type: 'cancelRequested', messageId };
    case 'retry':
      return { type: 'retryRequested', messageId };
    case 'redeliver':
      return { type: 'redeliverRequested', messageId };
  }
}

/**
 * Removes the record of a batch that cannot be read. Its item is kept in the bucket, because it names
 * what may still run at a provider.
 *
 * @throws RefusedError if there is none, or if it can be read
 */
export async function removeRecord(
  { batches, objects, log }: Pick<Dependencies, 'batches' | 'objects' | 'log'>,
  { batchId }: RemoveMessage,
  messageId: string,
): Promise<void> {
  const key = objectKey(batchId, messageId, 'record.json');
  const removed = await batches.removeUnreadable(batchId, async (item) => {
    await writeWhole(objects, key, item);
  });
  if (removed === 'removed') return log.warn('unreadable record removed', { batchId, key });
  if (removed === 'absent')
    throw refusal('unknown_batch', `there is no batch ${batchId} to remove: check the batchId`);
  const text = `cannot remove batch ${batchId}: its record can be read. Cancel it; it expires by itself`;
  throw refusal('not_possible', text);
}

/** A message as SQS took it. */
interface Sent {
  readonly messageId: string;
  readonly sentAt: number;
  readonly sender?: string | undefined;
}

/** Of a role's session, `AROA…:alice@example.com`, people know the name after the colon. */
function nameOf(sender = ''): string | undefined {
  return sender.slice(sender.indexOf(':') + 1).slice(0, 100) || undefined;
}

/**
 * Pauses or resumes a provider. The next sweep starts no batches at a paused provider. Batches that
 * were admitted before continue, and running jobs are checked and collected.
 */
export async function providerCommand(
  ports: Pick<Dependencies, 'providers' | 'providerStates' | 'log'>,
  { action, provider, reason, by: named }: ProviderMessage,
  { messageId, sentAt, sender }: Sent,
): Promise<void> {
  const { providers, log } = ports;
  await providers.describe(provider);
  const by = named ?? nameOf(sender);
  const given = { action, sentAt, messageId, ...omitUndefined({ reason, by }) };
  let isApplied = false;
  await updateProvider(ports, provider, (state) => {
    const next = applyProviderCommand(state, given);
    isApplied = next !== state;
    return next;
  });
  if (!isApplied) log.info('command ignored; a later one was sent', { provider, action, reason });
  else if (action === 'pause') log.info('provider paused by a user', { provider, reason, by });
  else log.info('provider resumed by a user', { provider, reason, by });
}
