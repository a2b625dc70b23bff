import OpenAI from 'openai';
import { streamingFetch } from '../streamingFetch.ts';

export interface Connection {
  readonly apiKey: string;
  /** Default: OpenAI's public endpoint. */
  readonly baseUrl?: string | undefined;
}

const PUBLIC_BASE_URL = 'https://api.openai.com/v1';

/** For retrieve, list, cancel and delete: harmless to repeat. */
export const READ_TIMEOUT_MS = 30_000;
export const READ_RETRIES = 2;
/** All tries of one such call and the waits between them. */
export const READ_DEADLINE_MS = 120_000;

/** All calls that delete what one batch left behind. What that misses is tried again later. */
export const CLEAN_UP_DEADLINE_MS = 60_000;

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

/**
 * Options of one reading call. The SDK's own timeout covers a try until its headers are there;
 * the signal covers the rest: waits between tries and the bodies of error answers.
 */
export function readOptions(): { signal: AbortSignal } {
  return { signal: AbortSignal.timeout(READ_DEADLINE_MS) };
}

/** For upload and create: nothing is sent twice unless the call says so. */
export function writeClient(connection: Connection): OpenAI {
  return new OpenAI({ ...settings(connection), maxRetries: 0, fetch: streamingFetch });
}
