import * as z from 'zod';
import { batchSchema } from './batch.ts';
import { STATUSES } from './status.ts';

const { batchId, provider, attempt, counts, reasons, metadata } = batchSchema.shape;

/**
 * The detail of a `Batch State Change`. Fields may be added within a version; what a listener may
 * rely on changes only with a new one.
 */
export const stateChangeSchema = z.object({
  version: z.literal(1).describe('Of this schema.'),
  batchId,
  provider: provider.describe('The provider entry that the batch is at.'),
  from: z.enum(STATUSES).describe('The same as `to` for a job that is given up.'),
  to: z.enum(STATUSES),
  attempt: attempt.describe('Jobs that providers took on so far.'),
  counts: counts.describe('Requests.'),
  cost: z.number().nullable().describe('USD so far; null if it is not known.'),
  reasons: reasons.describe('Why it failed, waits or was retried: the first 20.'),
  metadata: metadata.describe('As it was given when the batch was added.'),
  at: z.string().meta({ format: 'date-time', description: 'When it was announced.' }),
});
/** A state change, for whoever listens. */
export type StateChange = z.infer<typeof stateChangeSchema>;
