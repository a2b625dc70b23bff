import type { ProviderMessage } from '../../batch/messages.ts';
import { obey } from '../../batch/pauses.ts';
import type { Dependencies } from '../dependencies.ts';
import { updateProvider } from '../providerState.ts';

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
    const next = obey(state, command);
    isObeyed = next !== state;
    return next;
  });
  const done = action === 'pause' ? 'a user pauses the provider' : 'a user resumes the provider';
  log.info(isObeyed ? done : 'nothing to do: a later command stands', { provider, reason });
}
