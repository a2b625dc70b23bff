import type { Price } from '../batch/cost.ts';
import {
  KINDS,
  type ProviderKind,
  type ProviderSettings,
  providerSettingsSchema,
} from '../providers/kinds.ts';

export const PROVIDER_KINDS = Object.keys(KINDS) as readonly ProviderKind[];

/**
 * A provider entry with the defaults of its kind, for an estimate, which connects to nothing.
 *
 * @param price the list price of every model. Default: unknown
 */
export function entryOfKind(kind: ProviderKind, price: Price | undefined): ProviderSettings {
  const prices = price === undefined ? {} : { prices: { '*': price } };
  return providerSettingsSchema.parse({ ...KINDS[kind].minimalSettings, ...prices });
}
