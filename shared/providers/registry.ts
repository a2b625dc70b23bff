import { BATCH_DISCOUNT, discounted, type Pricing, priceIn } from '../batch/cost.ts';
import { RefusedError } from '../batch/errors.ts';
import type { Limits } from '../batch/limits.ts';
import type { ObjectStore } from '../batch/ports.ts';
import type { Settings } from '../config.ts';
import type { ProviderKind, ProviderSettings } from '../providerSettings.ts';
import { checkBaseUrl } from './baseUrl.ts';
import { KINDS, type Kind } from './kinds.ts';
import { DEFAULT_LIMITS } from './limits.ts';
import { modelAt } from './models.ts';
import type { Provider, Providers } from './provider.ts';
import { watchAccount } from './watch.ts';

export interface ProvidersOptions {
  /** The present value of an entry's secret: read anew each time, so that filling it in helps. */
  secret(entry: string): Promise<string | undefined>;
  readonly objects: ObjectStore;
  /** Entry → ARN of the role that its jobs run under. */
  readonly jobRoles?: Readonly<Record<string, string>>;
  /** Local run: entry → base URL instead of the one in the settings. */
  readonly baseUrls?: Readonly<Record<string, string>>;
}

/**
 * The provider entries of the settings. An entry is connected when first used and kept until its
 * account is refused; then the next use reads its secret again.
 *
 * `get` and `describe` throw RefusedError `unknown_provider` for a name that is no entry.
 */
export function providers(
  entries: Settings['providers'],
  { secret, objects, jobRoles = {}, baseUrls = {} }: ProvidersOptions,
): Providers {
  const names = Object.keys(entries);
  const connected = new Map<string, Promise<Provider>>();

  function settingsOf(name: string): ProviderSettings {
    const settings = Object.hasOwn(entries, name) ? entries[name] : undefined;
    if (settings !== undefined) return settings;
    throw new RefusedError({
      code: 'unknown_provider',
      message: `provider is ${JSON.stringify(name.slice(0, 100))}: use one of ${names.join(', ')}`,
    });
  }

  async function connect(name: string, onRefused: () => void): Promise<Provider> {
    const settings = settingsOf(name);
    const baseUrl = baseUrls[name] ?? settings.baseUrl;
    if (baseUrl !== undefined) checkBaseUrl(name, baseUrl);
    const provider = await kindOf(settings).connect({
      entry: name,
      settings,
      limits: limitsOf(settings),
      baseUrl,
      secret: () => secret(name),
      objects,
      jobRole: jobRoles[name],
    });
    return watchAccount(provider, onRefused);
  }

  return {
    names,
    get(name) {
      const known = connected.get(name);
      if (known !== undefined) return known;
      const forget = () => {
        if (connected.get(name) === connecting) connected.delete(name);
      };
      const connecting = connect(name, forget);
      connected.set(name, connecting);
      connecting.catch(forget);
      return connecting;
    },
    async describe(name) {
      const settings = settingsOf(name);
      const description = await kindOf(settings).describe(settings);
      return { ...description, limits: limitsOf(settings), pricing: pricingOf(settings) };
    },
  };
}

// The settings say which kind they are of, which the compiler cannot follow through a table.
function kindOf({ kind }: ProviderSettings): Kind {
  return KINDS[kind] as unknown as Kind<ProviderKind>;
}

function limitsOf({ kind, limits }: ProviderSettings) {
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
