import type * as z from 'zod';
import type { KindDescription, ProviderEntry } from '../../../shared/providers/provider.ts';
import type { SettingsSchema } from '../../../shared/providers/settings.ts';
import { MemoryBucket } from '../../../simulators/memory/bucket.ts';

/** The minimal settings of an entry of this kind, with a test's changes. */
export function settingsOf<Schema extends SettingsSchema>(
  { settings, minimalSettings }: KindDescription<Schema>,
  changes: Partial<z.infer<Schema>> = {},
): z.infer<Schema> {
  return settings.parse({ ...(minimalSettings as object), ...changes }) as z.infer<Schema>;
}

interface At<Settings> {
  readonly baseUrl: string;
  readonly secret: string;
  readonly settings?: Partial<Settings>;
}

/** An entry of this kind, at a simulator or a stub. */
export function entryAt<Schema extends SettingsSchema>(
  kind: KindDescription<Schema>,
  { baseUrl, secret, settings = {} }: At<z.infer<Schema>>,
): ProviderEntry<z.infer<Schema>> {
  return {
    entry: kind.settings.shape.kind.value,
    settings: settingsOf(kind, settings),
    limits: kind.limits,
    baseUrl,
    secret: async () => secret,
    objects: new MemoryBucket().store(),
    jobRole: undefined,
  };
}
