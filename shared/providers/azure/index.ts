import { credentialOf } from '../credential.ts';
import type { Connection } from '../kinds.ts';
import { batchProvider } from '../openai/provider.ts';
import type { Provider } from '../provider.ts';
import { azureClients, type Credential } from './clients.ts';
import { describeAzure } from './description.ts';
import { azureDialect } from './dialect.ts';
import { azureApi } from './endpoint.ts';
import { ENTRA_URL, entraTokens } from './entraToken.ts';

/**
 * Azure OpenAI's Batch API. The requests' model is a deployment, by the entry's `models`.
 *
 * @param entraUrl where tokens come from
 */
export async function connectAzure(
  { entry, settings, limits, baseUrl, secret }: Connection<'azure-openai'>,
  entraUrl = ENTRA_URL,
): Promise<Provider> {
  const key = credentialOf(entry, await secret());
  const { entraId } = settings;
  const credential: Credential = entraId
    ? { tokens: entraTokens({ ...entraId, clientSecret: key }, entraUrl) }
    : { apiKey: key };
  const api = azureApi(baseUrl ?? settings.baseUrl, settings.apiVersion);
  return batchProvider(
    azureClients(api, credential),
    describeAzure(settings),
    azureDialect(settings, api),
    limits,
  );
}
