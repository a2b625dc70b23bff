import * as z from 'zod';
import { CHAT_COMPLETIONS, type Description, describeKind } from '../provider.ts';
import { baseUrlSchema, commonSettings, refuseOptions } from '../settings.ts';

const settings = z.strictObject({
  kind: z.literal('together'),
  ...commonSettings,
  /** Ends in the version, `/v1`. Default: Together's public endpoint. */
  baseUrl: baseUrlSchema.optional(),
});
export type TogetherSettings = z.infer<typeof settings>;

export const togetherDescription: Description = {
  // `BatchCreateParams` of together-ai: apart from audio, only chat completions.
  endpoints: [CHAT_COMPLETIONS],
  checkOptions: (options) => refuseOptions('Together', options),
};

export const together = describeKind({
  name: 'Together',
  settings,
  minimalSettings: { kind: 'together' },
  limits: {
    // Together publishes no number of jobs.
    maxInFlight: 100,
    // https://docs.together.ai/docs/inference/batch/overview: 30 billion tokens a model, 50,000
    // requests a batch and 100 MB a file, read as 10^6 bytes each.
    maxEnqueuedTokens: 30_000_000_000,
    maxRequests: 50_000,
    maxBytes: 100 * 1000 * 1000,
  },
  // The same page: 24 hours are the most. A job shows the share that is done, and no number of requests.
  // Selected models have a discount, and others none: https://docs.together.ai/docs/batch-inference
  timing: { completionHours: 24 },
  priceList: 'together',
  describe: async () => togetherDescription,
});
