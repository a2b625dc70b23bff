import * as z from 'zod';
import { timingSchema } from '../../batch/job.ts';
import { CHAT_COMPLETIONS, type Description, describeKind, EMBEDDINGS } from '../provider.ts';
import { baseUrlSchema, commonSettings, refuseOptions } from '../settings.ts';

const settings = z.strictObject({
  kind: z.literal('mistral'),
  ...commonSettings,
  /**
   * `completionHours` is also the time after which Mistral ends a job, which it keeps below seven
   * days: https://docs.mistral.ai/capabilities/batch
   */
  timing: timingSchema
    .extend({ completionHours: z.number().int().min(1).max(167).optional() })
    .optional(),
  /** Ends in the version, `/v1`. Default: Mistral's public endpoint. */
  baseUrl: baseUrlSchema.optional(),
});
export type MistralSettings = z.infer<typeof settings>;

/** `timeout_hours` of a job: https://docs.mistral.ai/api/endpoint/batch */
export const DEFAULT_TIMEOUT_HOURS = 24;

export const mistral = describeKind({
  name: 'Mistral',
  settings,
  minimalSettings: { kind: 'mistral' },
  limits: {
    // https://docs.mistral.ai/capabilities/batch: no limit of jobs, and a million requests that have
    // not run yet, in all jobs of a workspace.
    maxInFlight: 1_000,
    maxEnqueuedRequests: 1_000_000,
    maxEnqueuedTokens: 1_000_000_000,
    // Two of Mistral's pages disagree, a million and 100,000: this is the smaller.
    // https://docs.mistral.ai/resources/known-limitations: 512 MB a file, read as 10^6 bytes each
    maxRequests: 100_000,
    maxBytes: 512 * 1000 * 1000,
  },
  timing: { completionHours: DEFAULT_TIMEOUT_HOURS, progressHours: 24 },
  // https://docs.mistral.ai/capabilities/batch: 50 % of the usual cost.
  batchDiscount: 0.5,
  describe: describeMistral,
});

export async function describeMistral(settings: MistralSettings): Promise<Description> {
  const { mistralBody } = await import('./requests.ts');
  return {
    endpoints: [CHAT_COMPLETIONS, EMBEDDINGS],
    checkOptions: (options) => refuseOptions('Mistral', options),
    checkRequest(request, format) {
      mistralBody(request, format, settings);
    },
  };
}
