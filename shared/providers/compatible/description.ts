import * as z from 'zod';
import { completionWindowSchema, hoursOfWindow, USUAL_WINDOW } from '../../batch/job.ts';
import { openAiDescription } from '../openai/description.ts';
import { describeKind } from '../provider.ts';
import { baseUrlSchema, commonSettings } from '../settings.ts';

/** A service that speaks OpenAI's Batch and Files APIs. */
const settings = z.strictObject({
  kind: z.literal('openai-compatible'),
  ...commonSettings,
  /**
   * Creates jobs although the service has no list of them that can be read. A job whose answer is lost
   * cannot be found then: its batch ends with `job_unconfirmed`. Default: false.
   */
  allowMissingList: z.boolean().optional(),
  /** Ends in the version, such as `/v1`. */
  baseUrl: baseUrlSchema,
  /** One that the service offers, such as 1h or 7d. Default: 24h. */
  completionWindow: completionWindowSchema.optional(),
});
export type CompatibleSettings = z.infer<typeof settings>;

export const compatible = describeKind({
  name: 'OpenAI-compatible',
  settings,
  minimalSettings: { kind: 'openai-compatible', baseUrl: 'https://name.invalid/v1' },
  // The service's own limits are unknown: these are OpenAI's, with fewer jobs at once.
  limits: {
    maxInFlight: 100,
    maxEnqueuedTokens: 1_000_000_000,
    maxRequests: 50_000,
    maxBytes: 200 * 1000 * 1000,
    maxEmbeddingInputs: 50_000,
  },
  // Those of the usual window.
  timing: { completionHours: hoursOfWindow(USUAL_WINDOW), progressHours: 24 },
  takesWindow: true,
  // Services give 20 %, 25 %, 50 % or nothing: only the author of the settings knows.
  describe: async () => openAiDescription,
});
