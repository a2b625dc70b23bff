import * as z from 'zod';
import { hoursOfWindow, timingSchema } from '../../batch/job.ts';
import { CHAT_COMPLETIONS, type Description, describeKind, EMBEDDINGS } from '../provider.ts';
import { baseUrlSchema, commonSettings, refuseOptions } from '../settings.ts';

// https://docs.mistral.ai/capabilities/batch: 24 hours by default, and less than seven days
const DEFAULT_TIMEOUT_HOURS = 24;
const MAX_TIMEOUT_HOURS = 7 * 24 - 1;

const settings = z.strictObject({
  kind: z.literal('mistral'),
  ...commonSettings,
  /** `completionHours` is also the time after which Mistral ends a job. */
  timing: timingSchema
    .extend({ completionHours: z.number().int().min(1).max(MAX_TIMEOUT_HOURS).optional() })
    .optional(),
  /** Ends in the version, `/v1`. Default: Mistral's public endpoint. */
  baseUrl: baseUrlSchema.optional(),
});
export type MistralSettings = z.infer<typeof settings>;

/**
 * The `timeout_hours` of a job: https://docs.mistral.ai/api/endpoint/batch. Seven days are an hour too
 * many.
 *
 * @param window that the message names
 */
export function timeoutHours({ timing }: MistralSettings, window: string | undefined): number {
  const hours = window === undefined ? timing?.completionHours : hoursOfWindow(window);
  return Math.min(hours ?? DEFAULT_TIMEOUT_HOURS, MAX_TIMEOUT_HOURS);
}

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
  takesWindow: true,
  // https://docs.mistral.ai/capabilities/batch names a discount, and
  // litellm/llms/mistral/batches/transformation.py of BerriAI/litellm its size.
  batchDiscount: 0.5,
  priceList: 'mistral',
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
