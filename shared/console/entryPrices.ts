import type { Pricing } from '../batch/cost.ts';
import type { Handler } from '../client/connection.ts';
import { settingsOf } from '../operations/settings.ts';
import { describedProviders } from '../providers/registry.ts';

/** The prices of a handler's provider entries. Of settings of another version, none are known. */
export async function entryPrices(handler: Handler): Promise<ReadonlyMap<string, Pricing>> {
  const described = describedProviders(readableSettings(handler));
  const entries = described.names.map(
    async (name) => [name, (await described.describe(name)).pricing] as const,
  );
  return new Map(await Promise.all(entries));
}

function readableSettings(handler: Handler): Parameters<typeof describedProviders>[0] {
  try {
    return settingsOf(handler).providers;
  } catch {
    return {};
  }
}
