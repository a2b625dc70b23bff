import type { Limits } from '../batch/limits.ts';
import type { ProviderKind } from '../providerSettings.ts';

/** What an entry of each kind may hold unless its settings say otherwise. */
export const DEFAULT_LIMITS: Record<ProviderKind, Limits> = {
  openai: {
    // OpenAI names no number.
    maxInFlight: 1_000,
    // About so many new batches an hour.
    maxStartsPerHour: 2_000,
    // Set per organisation and model, from 90 thousand to billions, and not readable by API. Above
    // it OpenAI refuses with token_limit_exceeded, which costs an upload and a wait, no attempt.
    maxEnqueuedTokens: 1_000_000_000,
    // https://platform.openai.com/docs/guides/batch: 50,000 requests and 200 MB a file, and 50,000
    // embedding inputs. MB is read as 10^6 bytes, which is allowed under either reading.
    maxRequests: 50_000,
    maxBytes: 200 * 1000 * 1000,
    maxEmbeddingInputs: 50_000,
  },
  // Nothing is known of it: OpenAI's numbers, with fewer jobs at once.
  'openai-compatible': {
    maxInFlight: 100,
    maxEnqueuedTokens: 1_000_000_000,
    maxRequests: 50_000,
    maxBytes: 200 * 1000 * 1000,
    maxEmbeddingInputs: 50_000,
  },
  'azure-openai': {
    // 500 input files without an expiry; ours have one, and are deleted when a job has ended.
    maxInFlight: 400,
    // Set per deployment.
    maxEnqueuedTokens: 1_000_000_000,
    // https://learn.microsoft.com/azure/ai-foundry/openai/how-to/batch
    maxRequests: 100_000,
    maxBytes: 200 * 1000 * 1000,
  },
  anthropic: {
    maxInFlight: 100,
    maxEnqueuedTokens: 1_000_000_000,
    // https://docs.claude.com/en/docs/build-with-claude/batch-processing: 100,000 requests or
    // 256 MB a batch, as Anthropic's own requests, which are somewhat smaller or larger.
    maxRequests: 100_000,
    maxBytes: 240 * 1000 * 1000,
  },
  'vertex-ai': {
    maxInFlight: 100,
    maxEnqueuedTokens: 1_000_000_000,
    // https://cloud.google.com/vertex-ai/generative-ai/docs/multimodal/batch-prediction-gemini
    maxRequests: 200_000,
    maxBytes: 950 * 1000 * 1000,
  },
  bedrock: {
    // Sources disagree, 10 or 100: the smaller, until Service Quotas or the settings say more.
    maxInFlight: 10,
    maxEnqueuedTokens: 1_000_000_000,
    maxRequests: 50_000,
    maxBytes: 950 * 1000 * 1000,
  },
  gemini: {
    // https://ai.google.dev/gemini-api/docs/rate-limits: 100 jobs at once, 2 GB a file.
    maxInFlight: 100,
    maxEnqueuedTokens: 1_000_000_000,
    maxRequests: 200_000,
    maxBytes: 1_900 * 1000 * 1000,
  },
};
