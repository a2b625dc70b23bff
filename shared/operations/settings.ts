import type { PriceTable } from '../batch/cost.ts';
import type { Handler } from '../client/connection.ts';
import { invalidText } from '../invalid/text.ts';
import {
  KINDS,
  type ProviderKind,
  type ProviderSettings,
  providerSettingsSchema,
} from '../providers/kinds.ts';
import { type Settings, settingsSchema } from '../settings.ts';

/**
 * The validated settings of a handler.
 *
 * @throws Error if they are of a version whose settings this one cannot read
 */
export function settingsOf({ name, settings }: Pick<Handler, 'name' | 'settings'>): Settings {
  const parsed = settingsSchema.safeParse(settings);
  if (parsed.success) return parsed.data;
  const text = invalidText(parsed.error, { input: settings, schema: settingsSchema });
  throw new Error(`${name} was set up by another version of Batch Handler: ${text}`);
}

export type { ProviderKind };

/**
 * A provider entry with the defaults of its kind, for an estimate, which connects to nothing.
 *
 * @param prices the list prices. Default: unknown
 */
export function entryOfKind(kind: ProviderKind, prices: PriceTable | undefined): ProviderSettings {
  return providerSettingsSchema.parse({ ...KINDS[kind].minimalSettings, prices });
}
