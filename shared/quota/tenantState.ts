import * as z from 'zod';
import { spentSchema } from './providerState.ts';

/** The version of the states that this code writes, and the newest that it reads. */
export const TENANT_STATE_SCHEMA_VERSION = 1;

/** What is kept of a tenant beside its batches. A tenant of which nothing is kept has no record. */
export const tenantStateSchema = z.object({
  schemaVersion: z.literal(TENANT_STATE_SCHEMA_VERSION),
  tenant: z.string(),
  /** Rises by one with every write; the condition of the next one. */
  version: z.number().int().nonnegative(),
  /** USD that its batches may cost in one UTC day, at all providers together. Absent: no limit. */
  dailyBudget: z.number().positive().optional(),
  spent: spentSchema.optional(),
});
export type TenantState = z.infer<typeof tenantStateSchema>;

/** Stores the records of the tenants. */
export interface TenantStore {
  /** A strongly consistent read. A tenant without a record has a state of version 0. */
  get(tenant: string): Promise<TenantState>;
  /** Writes the state if the stored one has `version - 1`. */
  replace(state: TenantState): Promise<'written' | 'conflict'>;
}
