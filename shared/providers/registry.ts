import { BATCH_DISCOUNT, discounted, type Pricing, priceIn } from '../batch/cost.ts';
import { ProviderError, RefusedError } from '../batch/errors.ts';
import type { ObjectStore } from '../batch/ports.ts';
import type { Settings } from '../config.ts';
import {
  baseUrlProblem,
  modelAt,
  type ProviderKind,
  type ProviderSettings,
} from '../providerSettings.ts';
import type { Limits } from '../quota/admission.ts';
import { DEFAULT_LIMITS, KINDS, type Kind } from './kinds.ts';
import type { DescribedProviders, Provider, Providers } from './provider.ts';

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
  const connected = new Map<string, Promise<Provider>>();

  async function connect(name: string, onRefused: () => void): Promise<Provider> {
    const settings = settingsOf(entries, name);
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
    ...describedProviders(entries),
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
  };
}

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

/** The same provider; `onRefused` is called whenever it says that our account was refused. */
export function watchAccount(provider: Provider, onRefused: () => void): Provider {
  const note = (error: unknown): never => {
    if (error instanceof ProviderError && error.kind === 'account') onRefused();
    throw error;
  };
  async function* noted<T>(items: AsyncIterable<T>): AsyncGenerator<T> {
    try {
      yield* items;
    } catch (error) {
      note(error);
    }
  }
  const { listStates } = provider;
  return {
    ...provider,
    ...(listStates ? { listStates: () => noted(listStates()) } : {}),
    submit: (submission) => provider.submit(submission).catch(note),
    check: (jobId) => provider.check(jobId).catch(note),
    cancel: (jobId) => provider.cancel(jobId).catch(note),
    listJobs: (since) => noted(provider.listJobs(since)),
    deleteFiles: (jobId) => provider.deleteFiles(jobId).catch(note),
    deleteLeftovers: (keys, since) => provider.deleteLeftovers(keys, since).catch(note),
    readRows: (outcome, job) => noted(provider.readRows(outcome, job)),
  };
}

/** Throws ProviderError `account`, so that the entry waits for its settings to be corrected. */
function checkBaseUrl(name: string, baseUrl: string): void {
  const problem = baseUrlProblem(baseUrl);
  if (problem === undefined) return;
  throw new ProviderError('account', {
    code: 'base_url_refused',
    message: `baseUrl of provider ${name} is ${baseUrl}: ${problem}`,
  });
}
