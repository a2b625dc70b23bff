import { BATCH_DISCOUNT, discounted, type Pricing, priceIn } from '../batch/cost.ts';
import { RefusedError } from '../batch/errors.ts';
import type { Limits } from '../batch/limits.ts';
import type { Settings } from '../config.ts';
import type { ProviderKind, ProviderSettings } from '../providerSettings.ts';
import { KINDS, type Kind } from './kinds.ts';
import { DEFAULT_LIMITS } from './limits.ts';
import { modelAt } from './models.ts';
import type { DescribedProviders } from './provider.ts';

/**
 * What is known of the entries of the settings without credentials.
 *
 * `describe` throws RefusedError `unknown_provider` for a name that is no entry.
 */
export function describedProviders(entries: Settings['providers']): DescribedProviders {
  return {
    names: Object.keys(entries),
    async describe(name) {
      const settings = settingsOf(entries, name);
      const description = await kindOf(settings).describe(settings);
      return { ...description, limits: limitsOf(settings), pricing: pricingOf(settings) };
    },
  };
}

/** Throws RefusedError `unknown_provider`. */
export function settingsOf(entries: Settings['providers'], name: string): ProviderSettings {
  const settings = Object.hasOwn(entries, name) ? entries[name] : undefined;
  if (settings !== undefined) return settings;
  const known = Object.keys(entries).join(', ');
  throw new RefusedError({
    code: 'unknown_provider',
    message: `provider is ${JSON.stringify(name.slice(0, 100))}: use one of ${known}`,
  });
}

// The settings say which kind they are of, which the compiler cannot follow through a table.
export function kindOf({ kind }: ProviderSettings): Kind {
  return KINDS[kind] as unknown as Kind<ProviderKind>;
}

export function limitsOf({ kind, limits }: ProviderSettings) {
  // JSON has no undefined: an entry that is there has a value.
  return { ...DEFAULT_LIMITS[kind], ...(limits as Limits) };
}

function pricingOf(settings: ProviderSettings): Pricing {
  const { prices = {}, models, batchDiscount = BATCH_DISCOUNT, dailyBudget } = settings;
  return {
    priceOf(model) {
      const price = priceIn(prices, [model, modelAt(models, model)]);
      return price && discounted(price, batchDiscount);
    },
    dailyBudget,
  };
}
