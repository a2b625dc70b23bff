import { BedrockClient } from '@aws-sdk/client-bedrock';
import { S3Client } from '@aws-sdk/client-s3';
import type { SettingsOf } from '../../providerSettings.ts';
import { READ_DEADLINE_MS, READ_RETRIES, READ_TIMEOUT_MS } from '../readBounds.ts';

/** Credentials come from where the functions have theirs: there is no secret. */
export interface Clients {
  /** For get, list and stop: harmless to repeat. */
  readonly reads: BedrockClient;
  /** For create: nothing is sent twice. */
  readonly writes: BedrockClient;
  /** Of the handler's bucket, for listing and deleting. */
  readonly s3: S3Client;
}

const READ_ATTEMPTS = 1 + READ_RETRIES;
const CONNECTION_TIMEOUT_MS = 3_000;

export function connectClients(
  { region }: Pick<SettingsOf<'bedrock'>, 'region'>,
  baseUrl: string | undefined,
): Clients {
  const place = {
    ...(region === undefined ? {} : { region }),
    ...(baseUrl === undefined ? {} : { endpoint: baseUrl }),
  };
  const bounded = {
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    requestTimeout: READ_TIMEOUT_MS,
    throwOnRequestTimeout: true,
    socketTimeout: READ_TIMEOUT_MS,
  };
  // A kept connection that is just being closed would leave open whether a create call arrived.
  const fresh = { httpAgent: { keepAlive: false }, httpsAgent: { keepAlive: false } };
  return {
    reads: new BedrockClient({ ...place, maxAttempts: READ_ATTEMPTS, requestHandler: bounded }),
    writes: new BedrockClient({ ...place, maxAttempts: 1, requestHandler: fresh }),
    s3: new S3Client({ maxAttempts: READ_ATTEMPTS, requestHandler: bounded }),
  };
}

/** The SDK bounds each try; the signal bounds all of them together. */
export function readOptions(): { abortSignal: AbortSignal } {
  return { abortSignal: AbortSignal.timeout(READ_DEADLINE_MS) };
}
