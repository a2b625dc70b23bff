import * as z from 'zod';
import { SCHEMA_VERSION } from './batch.ts';
import { reasonSchema } from './reason.ts';

/** What is remembered of a provider entry, whether or not the configuration still has it. */
export const providerStateSchema = z.object({
  schemaVersion: z.literal(SCHEMA_VERSION),
  provider: z.string(),
  /** Why nothing is started there for now. */
  hold: z
    .object({
      kind: z.enum(['quota', 'account']),
      reason: reasonSchema,
      /** Milliseconds since 1970. */
      until: z.number(),
      /** Refusals in a row, for the backoff. */
      refusals: z.number().int().positive(),
    })
    .optional(),
});
export type ProviderState = z.infer<typeof providerStateSchema>;
