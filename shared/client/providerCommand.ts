import { setTimeout as wait } from 'node:timers/promises';
import { sendBatchMessage } from '../aws/batchMessages.ts';
import type { ProviderMessage } from '../batch/messages.ts';
import { ClientError } from './clientError.ts';
import type { Connection } from './connection.ts';

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
  { handler, sqs, providerStates }: Pick<Connection, 'handler' | 'sqs' | 'providerStates'>,
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
