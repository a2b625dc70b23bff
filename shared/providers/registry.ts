import { BATCH_DISCOUNT, discounted, type Pricing, priceIn } from '../batch/cost.ts';
import { ProviderError, RefusedError } from '../batch/errors.ts';
import type { Limits } from '../batch/job.ts';
import type { ObjectStore } from '../batch/ports.ts';
import { omitUndefined } from '../omitUndefined.ts';
import { kindOf, type ProviderSettings } from './kinds.ts';
import type { DescribedProviders, Provider, Providers } from './provider.ts';
import { baseUrlProblem, modelAt } from './settings.ts';

/** The provider entries of a deployment's settings, by name. */
type Entries = Readonly<Record<string, ProviderSettings>>;

export interface ConnectOptions {
  /** Reads an entry's secret. Called on every connection, so that a secret filled in later helps. */
  secret(entry: string): Promise<string | undefined>;
  readonly objects: ObjectStore;
  /** Entry → ARN of the role that its jobs run under. */
  readonly jobRoles?: Readonly<Record<string, string>>;
  /** Local run: entry → base URL that replaces the one in the settings. */
  readonly baseUrls?: Readonly<Record<string, string>>;
}

/**
 * The providers of these entries. An entry is connected on first use and kept until its account is
 * refused; the next use then reads its secret again.
 */
export function connectProviders(
  entries: Entries,
  { secret, objects, jobRoles = {}, baseUrls = {} }: ConnectOptions,
): Providers {
  const connections = new Map<string, Promise<Provider>>();

  async function connect(name: string, onRefused: () => void): Promise<Provider> {
    const settings = entrySettings(entries, name);
    const baseUrl = baseUrls[name] ?? settings.baseUrl;
    if (baseUrl !== undefined) checkBaseUrl(name, baseUrl);
    const provider = await kindOf(settings).connect({
      entry: name,
      settings,
      limits: entryLimits(settings),
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
      const known = connections.get(name);
      if (known !== undefined) return known;
      const forget = () => {
        if (connections.get(name) === connection) connections.delete(name);
      };
      const connection = connect(name, forget);
      connections.set(name, connection);
      connection.catch(forget);
      return connection;
    },
  };
}

/** Static facts about these entries. Reads no secret and loads no SDK. */
export function describedProviders(entries: Entries): DescribedProviders {
  return {
    names: Object.keys(entries),
    async describe(name) {
      const settings = entrySettings(entries, name);
      const description = await kindOf(settings).describe(settings);
      return { ...description, limits: entryLimits(settings), pricing: pricingOf(settings) };
    },
  };
}

function entrySettings(entries: Entries, name: string): ProviderSettings {
  const settings = Object.hasOwn(entries, name) ? entries[name] : undefined;
  if (settings !== undefined) return settings;
  const known = Object.keys(entries).join(', ');
  throw new RefusedError({
    code: 'unknown_provider',
    message: `provider is ${JSON.stringify(name.slice(0, 100))}: use one of ${known}`,
  });
}

function entryLimits(settings: ProviderSettings): Limits {
  // JSON has no undefined: a limit that is in the settings has a value.
  return { ...kindOf(settings).limits, ...(settings.limits as Limits) };
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

/** The same provider, which calls `onRefused` whenever it throws that our account was refused. */
function watchAccount(provider: Provider, onRefused: () => void): Provider {
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
    ...omitUndefined({ listStates: listStates && (() => noted(listStates())) }),
    submit: (submission) => provider.submit(submission).catch(note),
    check: (jobId) => provider.check(jobId).catch(note),
    cancel: (jobId) => provider.cancel(jobId).catch(note),
    listJobs: (since) => noted(provider.listJobs(since)),
    deleteFiles: (jobId) => provider.deleteFiles(jobId).catch(note),
    deleteLeftovers: (keys, since) => provider.deleteLeftovers(keys, since).catch(note),
    readRows: (outcome, job) => noted(provider.readRows(outcome, job)),
  };
}

/** @throws ProviderError `account`, so that the entry waits for its settings to be corrected */
function checkBaseUrl(name: string, baseUrl: string): void {
  const problem = baseUrlProblem(baseUrl);
  if (problem === undefined) return;
  throw new ProviderError('account', {
    code: 'base_url_refused',
    message: `baseUrl of provider ${name} is ${baseUrl}: ${problem}`,
  });
}
