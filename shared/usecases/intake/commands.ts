import { refusal } from '../../batch/errors.ts';
import type { BatchEvent } from '../../batch/lifecycle/events.ts';
import type { CommandMessage, ProviderMessage, RequeueMessage } from '../../batch/messages.ts';
import { applyProviderCommand } from '../../quota/providerState.ts';
import type { Dependencies } from '../dependencies.ts';
import { withBatchContext } from '../logContext.ts';
import { updateProvider } from '../providerState.ts';
import { type Transitioned, transition } from '../transition.ts';

/** A standard queue may deliver a command before the message that adds its batch. */
const DELIVERIES_BEFORE_REFUSAL = 3;

/** Carries out a command on a batch, once per message id. */
export async function command(
  dependencies: Dependencies,
  message: CommandMessage | RequeueMessage,
  { messageId, receiveCount }: { messageId: string; receiveCount: number },
): Promise<void> {
  const { batchId } = message;
  const event = eventOf(message, messageId);
  const result = await withBatchContext({ batchId }, () =>
    transition(dependencies, batchId, event),
  );
  const subject = result.type === 'absent' ? { batchId } : result.batch;
  await withBatchContext(subject, async () => tell(dependencies, result, message, receiveCount));
}

function tell(
  { log }: Dependencies,
  result: Transitioned,
  { action, batchId }: CommandMessage | RequeueMessage,
  receiveCount: number,
): void {
  switch (result.type) {
    case 'absent': {
      const text = `there is no batch ${batchId} to ${action}: check the batchId`;
      if (receiveCount < DELIVERIES_BEFORE_REFUSAL)
        throw new Error(`${text} (it may be on its way)`);
      throw refusal('unknown_batch', text);
    }
    case 'refused': {
      const text = `cannot ${action} batch ${batchId}: ${result.why}`;
      throw refusal('not_possible', text);
    }
    case 'ignored':
      log.info('nothing to do', { action, why: result.why });
  }
}

function eventOf(message: CommandMessage | RequeueMessage, messageId: string): BatchEvent {
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
 * Pauses a provider, or lets it go on. The sweep heeds it: what it has admitted before goes on, and
 * jobs that run are watched and collected.
 */
export async function providerCommand(
  dependencies: Dependencies,
  { action, provider, reason }: ProviderMessage,
  { messageId, sentAt }: { readonly messageId: string; readonly sentAt: number },
): Promise<void> {
  const { providers, log } = dependencies;
  await providers.describe(provider);
  const command = { action, sentAt, messageId, ...(reason === undefined ? {} : { reason }) };
  let isObeyed = false;
  await updateProvider(dependencies, provider, (state) => {
    const next = applyProviderCommand(state, command);
    isObeyed = next !== state;
    return next;
  });
  const done = action === 'pause' ? 'a user pauses the provider' : 'a user resumes the provider';
  log.info(isObeyed ? done : 'nothing to do: a later command stands', { provider, reason });
}
