import Anthropic from '@anthropic-ai/sdk';
import { READ_RETRIES, READ_TIMEOUT_MS } from '../readBounds.ts';
import { streamingFetch } from '../streamingFetch.ts';

export interface Connection {
  readonly apiKey: string;
  /** Default: Anthropic's public endpoint. */
  readonly baseUrl?: string | undefined;
}

const PUBLIC_BASE_URL = 'https://api.anthropic.com';

/** The SDK would take what is left out from the environment, and log to the console. */
function settings({ apiKey, baseUrl = PUBLIC_BASE_URL }: Connection) {
  return { apiKey, baseURL: baseUrl, webhookKey: null, logLevel: 'off' as const };
}

/** For calls that only read: they may be repeated, and their bodies stream. */
export function readClient(connection: Connection): Anthropic {
  return new Anthropic({
    ...settings(connection),
    maxRetries: READ_RETRIES,
    timeout: READ_TIMEOUT_MS,
  });
}

/** For create, which an SDK must never send twice. */
export function createClient(connection: Connection): Anthropic {
  return new Anthropic({ ...settings(connection), maxRetries: 0, fetch: streamingFetch });
}
