import { PutSecretValueCommand, ResourceNotFoundException } from '@aws-sdk/client-secrets-manager';
import { s3Client } from '../aws/clients/s3.ts';
import { secretsManagerClient } from '../aws/clients/secretsManager.ts';
import { realObjectStore } from '../aws/objectStore.ts';
import { ProviderError } from '../batch/errors.ts';
import type { BatchHandlerClient } from '../client/client.ts';
import { ClientError } from '../client/clientError.ts';
import type { ProviderCommandOptions } from '../client/commands.ts';
import { awsOf, type HandlerConnection, placeOf } from '../client/connection.ts';
import { connectProviders } from '../providers/registry.ts';
import { isPaused } from '../quota/providerState.ts';
import { awsDoctorContext } from './awsContext.ts';
import { secretIdsOf } from './checks/providers.ts';
import { settingsOf } from './settings.ts';

/** Secrets Manager takes 64 KiB. */
export const MAX_KEY_BYTES = 64 * 1024;

/**
 * Finds the secret of a provider entry.
 *
 * @returns its name or ARN
 * @throws ClientError `invalid_input` for an entry that does not exist or needs no secret
 */
export async function secretIdOf(connection: HandlerConnection, entry: string): Promise<string> {
  const aws = awsOf(connection, 'batch-handler key');
  const { providers } = connection.handler;
  if (!providers.includes(entry))
    throw invalid(`there is no provider ${entry}: use one of ${providers.join(', ')}`);
  const id = (await secretIdsOf(awsDoctorContext(connection, aws, Date.now)))[entry];
  if (id !== undefined) return id;
  throw invalid(`${entry} needs no key: the functions call it with their own roles`);
}

/**
 * Puts the key of a provider entry into its secret, as that kind of provider reads it.
 *
 * @param key is neither logged nor part of an error
 * @throws ClientError `invalid_input` if it is not a key of that kind
 */
export async function putKey(
  connection: HandlerConnection,
  entry: string,
  secretId: string,
  key: string,
): Promise<void> {
  const aws = awsOf(connection, 'batch-handler key');
  const value = key.trim();
  if (value === '') throw invalid('the key is empty: nothing was stored');
  if (Buffer.byteLength(key) > MAX_KEY_BYTES)
    throw invalid(`a key has at most ${MAX_KEY_BYTES} bytes`);
  const { [entry]: settings } = settingsOf(connection.handler).providers;
  const entries = settings === undefined ? {} : { [entry]: settings };
  const objects = realObjectStore(s3Client(aws.access), { ...placeOf(aws), inputBuckets: [] });
  try {
    // An adapter checks the form of its key when it is connected, and calls nobody yet.
    await connectProviders(entries, { secret: async () => value, objects }).get(entry);
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error;
    throw invalid(FORM_PROBLEMS[error.reason.code] ?? error.reason.message);
  }
  const put = new PutSecretValueCommand({ SecretId: secretId, SecretString: value });
  await secretsManagerClient(aws.access)
    .send(put)
    .catch((error: unknown) => {
      if (!(error instanceof ResourceNotFoundException)) throw error;
      throw invalid(`secret ${secretId} of ${entry} does not exist: deploy the stack again`);
    });
}

/** The reasons of the adapters say what to do about a secret that is stored. */
const FORM_PROBLEMS: Readonly<Record<string, string>> = {
  secret_malformed:
    'the key has spaces or other characters that no API key has: nothing was stored',
  secret_not_filled: 'the input is no key of that kind of provider: nothing was stored',
};

/**
 * Resumes a provider entry that has a new key, so that its batches need not wait for the end of a block.
 *
 * @returns false if a user has paused the entry, which a new key does not end
 * @throws ClientError as `resumeProvider`
 */
export async function resumeWithNewKey(
  { connection, resumeProvider }: Pick<BatchHandlerClient, 'connection' | 'resumeProvider'>,
  entry: string,
  { signal }: Pick<ProviderCommandOptions, 'signal'> = {},
): Promise<boolean> {
  if (isPaused(await connection.providerStates.get(entry))) return false;
  await resumeProvider(entry, { signal });
  return true;
}

function invalid(message: string): ClientError {
  return new ClientError('invalid_input', message);
}
