/** Bounds of calls that are harmless to repeat: retrieve, list, cancel, delete, download. */

/** One try. */
export const READ_TIMEOUT_MS = 30_000;
export const READ_RETRIES = 2;
/** All tries of one call and the waits between them. */
export const READ_DEADLINE_MS = 120_000;

/** All calls that delete what one batch left behind. What that misses is tried again later. */
export const CLEAN_UP_DEADLINE_MS = 60_000;

/**
 * Options of one reading call by the SDKs of OpenAI and Anthropic. Their own timeout covers a try
 * until its headers are there; the signal covers the rest: waits between tries and the bodies of
 * error answers.
 */
export function readOptions(): { signal: AbortSignal } {
  return { signal: AbortSignal.timeout(READ_DEADLINE_MS) };
}
