import * as z from 'zod';
import { refusal } from '../../batch/errors.ts';
import {
  CHAT_COMPLETIONS,
  type Description,
  describeKind,
  EMBEDDINGS,
  RESPONSES,
} from '../provider.ts';
import { baseUrlSchema, commonSettings } from '../settings.ts';

/** What a message's `options` may hold for an OpenAI job. */
export interface OpenAiJobOptions {
  /** Seconds after which OpenAI deletes the job's output and error files. Default: 30 days. */
  readonly outputExpiresAfterSeconds?: number;
}

// https://platform.openai.com/docs/api-reference/batch/create: output_expires_after.seconds
const EXPIRY_SECONDS = { min: 3_600, max: 2_592_000 };

/** What every entry of OpenAI's Batch API accepts. */
export const openAiDescription: Description = {
  // https://developers.openai.com/api/reference/resources/batches/methods/create: `endpoint`
  endpoints: [
    ...[CHAT_COMPLETIONS, RESPONSES, EMBEDDINGS, '/v1/completions', '/v1/moderations'],
    ...['/v1/images/generations', '/v1/images/edits', '/v1/videos'],
  ],
  checkOptions: (options) => checkExpiry('OpenAI', options, EXPIRY_SECONDS),
};

const settings = z.strictObject({
  kind: z.literal('openai'),
  ...commonSettings,
  /** Default: OpenAI's public endpoint. */
  baseUrl: baseUrlSchema.optional(),
});
export type OpenAiSettings = z.infer<typeof settings>;

export const openAi = describeKind({
  name: 'OpenAI',
  settings,
  webhooks: 'registered',
  minimalSettings: { kind: 'openai' },
  limits: {
    // OpenAI publishes no number.
    maxInFlight: 1_000,
    // https://platform.openai.com/docs/guides/batch: about 2,000 new batches an hour.
    maxStartsPerHour: 2_000,
    // The limit is set per organisation and model, from 90 thousand to billions, and no API tells
    // it. Above it OpenAI refuses with token_limit_exceeded: an upload and a wait, but no attempt.
    maxEnqueuedTokens: 1_000_000_000,
    // The same page: 50,000 requests and 200 MB a file, and 50,000 embedding inputs. MB is read as
    // 10^6 bytes, which is allowed under either reading.
    maxRequests: 50_000,
    maxBytes: 200 * 1000 * 1000,
    maxEmbeddingInputs: 50_000,
  },
  // https://developers.openai.com/api/docs/guides/batch: the only completion window is 24h, after
  // which a batch expires.
  timing: { completionHours: 24, progressHours: 24 },
  // https://developers.openai.com/api/docs/guides/batch: 50 % lower costs.
  batchDiscount: 0.5,
  priceList: 'openai',
  describe: async () => openAiDescription,
});

/**
 * Checks that `options` holds an expiry within `range`, or nothing.
 *
 * @throws RefusedError naming the option and the allowed values
 */
export function checkExpiry(
  provider: string,
  options: Readonly<Record<string, unknown>>,
  { min, max }: { readonly min: number; readonly max: number },
): void {
  for (const [option, value] of Object.entries(options)) {
    const isExpiry = option === 'outputExpiresAfterSeconds' && Number.isInteger(value);
    if (isExpiry && (value as number) >= min && (value as number) <= max) continue;
    const found = JSON.stringify(value).slice(0, 100);
    throw refusal(
      'option_refused',
      `options.${option} is ${found}: ${provider} jobs take only outputExpiresAfterSeconds, a whole number from ${min} to ${max}`,
    );
  }
}
