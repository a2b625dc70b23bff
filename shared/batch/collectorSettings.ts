import * as z from 'zod';

/** How single requests are gathered into batches. */
export const collectorSettingsSchema = z.strictObject({
  /** Requests of one batch at most. Default 10,000. */
  maxRequests: z.number().int().min(1).max(100_000).default(10_000),
  /** How long the first request of a batch waits for others, in seconds. Default 300. */
  maxAgeSeconds: z
    .number()
    .int()
    .min(1)
    .max(24 * 60 * 60)
    .default(300),
  /** The provider entry of requests that name none. Default: the first entry. */
  provider: z.string().optional(),
  /** Of the batches: higher starts first. Default 0. */
  priority: z.number().int().min(-500).max(499).default(0),
  /** Of the batches, handed to the processor and to events. At most 16 pairs. */
  metadata: z
    .record(z.string().min(1).max(64), z.string().max(512))
    .refine((pairs) => Object.keys(pairs).length <= 16, 'must have at most 16 pairs')
    .default({}),
});
export type CollectorSettings = z.infer<typeof collectorSettingsSchema>;
/** The settings as a deployment gives them: everything may be left out. */
export type CollectorSettingsInput = z.input<typeof collectorSettingsSchema>;
