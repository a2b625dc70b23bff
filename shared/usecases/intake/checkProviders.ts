import { refusal } from '../../batch/errors.ts';
import type { AddMessage } from '../../batch/messages.ts';
import type { DescribedProviders } from '../../providers/provider.ts';

/**
 * Refuses now what no provider of the deployment could take, before a record is made.
 *
 * @returns the entries that the batch may go to
 */
export async function checkProviders(
  providers: DescribedProviders,
  message: Pick<AddMessage, 'provider' | 'providers' | 'endpoint' | 'options'>,
): Promise<[string, ...string[]]> {
  if (message.provider !== undefined && message.providers !== undefined)
    throw refusal('invalid_message', 'give either "provider" or "providers", not both');
  const names = message.providers ?? [message.provider ?? providers.names[0] ?? ''];
  for (const name of new Set(names)) await checkProvider(providers, name, message);
  // The schema sees to it that there is one.
  return [...new Set(names)] as [string, ...string[]];
}

async function checkProvider(
  providers: DescribedProviders,
  name: string,
  { endpoint, options }: Pick<AddMessage, 'endpoint' | 'options'>,
): Promise<void> {
  const { endpoints, checkOptions } = await providers.describe(name);
  checkOptions(options);
  if (endpoint === undefined || endpoints.includes(endpoint)) return;
  const allowed = endpoints.join(', ');
  const text = `endpoint ${endpoint} is not one of provider ${name}: use one of ${allowed}`;
  throw refusal('unsupported_endpoint', text);
}
