import type { Limits } from '../batch/limits.ts';
import type { ProviderSettings } from '../config.ts';

/** What an entry of each kind may hold unless its settings say otherwise. */
export const DEFAULT_LIMITS: Record<ProviderSettings['kind'], Limits> = {
  openai: {
    // OpenAI names no number; it takes about 2,000 new batches an hour.
    maxInFlight: 1_000,
    // Set per organisation and model, from 90 thousand to billions, and not readable by API. Above
    // it OpenAI refuses with token_limit_exceeded, which costs an upload and a wait, no attempt.
    maxEnqueuedTokens: 1_000_000_000,
    // https://platform.openai.com/docs/guides/batch: 50,000 requests and 200 MB a file, and 50,000
    // embedding inputs. MB is read as 10^6 bytes, which is allowed under either reading.
    maxRequests: 50_000,
    maxBytes: 200 * 1000 * 1000,
    maxEmbeddingInputs: 50_000,
  },
};
