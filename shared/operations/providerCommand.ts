import { setTimeout as wait } from 'node:timers/promises';
import { sendBatchMessage } from '../aws/batchMessages.ts';
import type { ProviderMessage } from '../batch/messages.ts';
import { ClientError } from '../client/clientError.ts';
import type { Connection } from '../client/connection.ts';

/**
 * Pauses a provider, or lets it go on, and waits until the handler has taken that in. The message
 * counts from when it was sent: it may be sent again at any time.
 *
 * @throws ClientError for a provider that the handler has not, or if it was not taken in in time
 */
export async function commandProvider(
  { handler, sqs, providerStates }: Pick<Connection, 'handler' | 'sqs' | 'providerStates'>,
  command: Pick<ProviderMessage, 'action' | 'provider' | 'reason'>,
  {
    signal,
    timeoutMs = 60_000,
  }: { readonly signal?: AbortSignal; readonly timeoutMs?: number } = {},
): Promise<void> {
  const { action, provider } = command;
  if (!handler.providers.includes(provider)) {
    const known = handler.providers.join(', ');
    throw new ClientError('invalid_input', `there is no provider ${provider}: use one of ${known}`);
  }
  const before = (await providerStates.get(provider)).lastCommand?.messageId;
  const messageId = await sendBatchMessage(sqs, handler.resources.batchQueue, command);
  const until = Date.now() + timeoutMs;
  while (Date.now() < until) {
    const { lastCommand } = await providerStates.get(provider);
    // Mine, or one of somebody else that was sent after it and came in already.
    if (lastCommand?.messageId === messageId || lastCommand?.messageId !== before) return;
    await wait(500, undefined, { signal });
  }
  throw new ClientError(
    'timeout',
    `${action} was sent, and the handler has not taken it in in ${timeoutMs / 1000} s: see batch-handler doctor`,
  );
}
