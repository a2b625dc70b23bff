import * as z from 'zod';
import {
  CHAT_COMPLETIONS,
  type Description,
  describeKind,
  EMBEDDINGS,
  RESPONSES,
} from '../provider.ts';
import { baseUrlSchema, commonSettings, refuseOptions } from '../settings.ts';

const settings = z.strictObject({
  kind: z.literal('gemini'),
  ...commonSettings,
  /** Default: Google's public endpoint. */
  baseUrl: baseUrlSchema.optional(),
});
export type GeminiSettings = z.infer<typeof settings>;

export const gemini = describeKind({
  name: 'Gemini API',
  settings,
  webhooks: 'perJob',
  minimalSettings: { kind: 'gemini' },
  limits: {
    // https://ai.google.dev/gemini-api/docs/rate-limits: 100 jobs at once, 2 GB a file.
    maxInFlight: 100,
    maxEnqueuedTokens: 1_000_000_000,
    maxRequests: 200_000,
    maxBytes: 1_900 * 1000 * 1000,
  },
  // https://ai.google.dev/gemini-api/docs/batch-api: a job that is pending or running for more than
  // 48 hours expires. Many are pending for over 24 and then succeed:
  // https://github.com/googleapis/python-genai/issues/1482
  timing: { completionHours: 48 },
  // https://ai.google.dev/gemini-api/docs/batch-api: 50 % of the standard cost.
  batchDiscount: 0.5,
  priceList: 'google',
  describe: describeGemini,
});

export async function describeGemini(settings: GeminiSettings): Promise<Description> {
  const { batchRequestOf } = await import('./requests.ts');
  return {
    endpoints: [CHAT_COMPLETIONS, RESPONSES, EMBEDDINGS],
    // https://ai.google.dev/api/batch-api: a batch has a priority, which we do not set.
    checkOptions: (options) => refuseOptions('Gemini', options),
    checkRequest(request, format) {
      batchRequestOf(request, format, settings);
    },
  };
}
