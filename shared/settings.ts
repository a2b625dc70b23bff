import * as z from 'zod';
import { MAX_SHARDS } from './batch/partitions.ts';
import { policySettingsSchema } from './batch/policy.ts';
import { collectorSettingsSchema } from './collector/contract.ts';
import { providerSettingsSchema } from './providers/kinds.ts';

const ENTRY_NAME = 'must be a letter, then up to 31 letters, digits and dashes';

export const settingsSchema = z.strictObject({
  /** The first entry is the default of messages that name none. */
  providers: z
    .record(z.string().regex(/^[A-Za-z][A-Za-z0-9-]{0,31}$/, ENTRY_NAME), providerSettingsSchema)
    .refine((entries) => Object.keys(entries).length > 0, 'must have at least one provider'),
  policy: policySettingsSchema.default({}),
  /** How many sweepers share the batches. Absent: one. */
  shards: z.int().min(1).max(MAX_SHARDS).optional(),
  /** Gathers single requests into batches; absent: none are. */
  collector: collectorSettingsSchema.optional(),
});
export type Settings = z.infer<typeof settingsSchema>;
/** The settings as infra writes them: everything with a default may be left out. */
export type SettingsInput = z.input<typeof settingsSchema>;

export { MAX_SHARDS } from './batch/partitions.ts';
export {
  DEFAULT_POLICY,
  lifetimeSeconds,
  type PolicySettings,
  policySettingsSchema,
} from './batch/policy.ts';
export type { Status } from './batch/status.ts';
export { type CollectorSettingsInput, collectorSettingsSchema } from './collector/contract.ts';
