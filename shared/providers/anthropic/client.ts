import Anthropic from '@anthropic-ai/sdk';
import { streamingFetch } from '../streamingFetch.ts';

export interface Connection {
  readonly apiKey: string;
  /** Default: Anthropic's public endpoint. */
  readonly baseUrl?: string | undefined;
}

const PUBLIC_BASE_URL = 'https://api.anthropic.com';

/** For retrieve, list, cancel, delete and results: harmless to repeat. */
const READ_TIMEOUT_MS = 30_000;
const READ_RETRIES = 2;
/** All tries of one such call and the waits between them. */
export const READ_DEADLINE_MS = 120_000;

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

/**
 * Options of one reading call. The SDK's own timeout covers a try until its headers are there;
 * the signal covers the rest: waits between tries and the bodies of error answers.
 */
export function readOptions(): { signal: AbortSignal } {
  return { signal: AbortSignal.timeout(READ_DEADLINE_MS) };
}

/** For create, which an SDK must never send twice. */
export function createClient(connection: Connection): Anthropic {
  return new Anthropic({ ...settings(connection), maxRetries: 0, fetch: streamingFetch });
}
