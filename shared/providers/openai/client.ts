import OpenAI from 'openai';
import { READ_RETRIES, READ_TIMEOUT_MS } from '../readBounds.ts';
import { streamingFetch } from '../streamingFetch.ts';

export interface Connection {
  readonly apiKey: string;
  /** Default: OpenAI's public endpoint. */
  readonly baseUrl?: string | undefined;
}

const PUBLIC_BASE_URL = 'https://api.openai.com/v1';

/** The SDK would take what is left out from the environment, and log to the console. */
function settings({ apiKey, baseUrl = PUBLIC_BASE_URL }: Connection) {
  return {
    apiKey,
    baseURL: baseUrl,
    adminAPIKey: null,
    organization: null,
    project: null,
    logLevel: 'off' as const,
  };
}

/** For calls that only read: they may be repeated, and their bodies stream. */
export function readClient(connection: Connection): OpenAI {
  return new OpenAI({
    ...settings(connection),
    maxRetries: READ_RETRIES,
    timeout: READ_TIMEOUT_MS,
  });
}

/** For upload and create: nothing is sent twice unless the call says so. */
export function writeClient(connection: Connection): OpenAI {
  return new OpenAI({ ...settings(connection), maxRetries: 0, fetch: streamingFetch });
}
