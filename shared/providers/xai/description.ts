import * as z from 'zod';
import { CHAT_COMPLETIONS, type Description, describeKind } from '../provider.ts';
import { baseUrlSchema, commonSettings, refuseOptions } from '../settings.ts';

const settings = z.strictObject({
  kind: z.literal('xai'),
  ...commonSettings,
  /** Ends in the version, `/v1`. Default: xAI's public endpoint. */
  baseUrl: baseUrlSchema.optional(),
});
export type XaiSettings = z.infer<typeof settings>;

/**
 * Only chat completions: requests to the endpoint of Responses are answered in the form of chat
 * completions, too (`xai-batch.ts` of @ai-sdk/xai).
 */
export const xaiDescription: Description = {
  endpoints: [CHAT_COMPLETIONS],
  checkOptions: (options) => refuseOptions('xAI', options),
};

export const xai = describeKind({
  name: 'xAI',
  settings,
  minimalSettings: { kind: 'xai' },
  limits: {
    // https://docs.x.ai/docs/guides/batch-api: no limit of batches, one new batch a second, and more
    // than 100,000 requests in a batch may be slowed down.
    maxInFlight: 1_000,
    maxStartsPerHour: 3_600,
    maxEnqueuedTokens: 1_000_000_000,
    maxRequests: 100_000,
    // The size of a batch's file is not documented: this is a cautious one.
    maxBytes: 48 * 1000 * 1000,
  },
  // The same page: most batches complete within 24 hours, and none is ended then. The time after which
  // one expires is in its `expire_time`, and not documented.
  timing: { completionHours: 48, progressHours: 24 },
  // Its discount differs by model, from 20 to 50 %: https://docs.x.ai/developers/pricing
  priceList: 'x-ai',
  describe: async () => xaiDescription,
});
