import { BUILTIN, discounted, type Price, type Pricing, priceIn } from '../batch/cost.ts';
import { ProviderError, RefusedError } from '../batch/errors.ts';
import { hoursOfWindow, type Limits, type Timing } from '../batch/job.ts';
import type { ObjectStore } from '../batch/ports.ts';
import { BUILTIN_PRICES_DATE, builtinPrices } from './builtinPrices.ts';
import { kindOf, type ProviderSettings } from './kinds.ts';
import type { DescribedProviders, Provider, Providers, WebhookTarget } from './provider.ts';
import { baseUrlProblem, defaultModelOf, modelAt, shownBaseUrl } from './settings.ts';
import { wrapCalls } from './wrapCalls.ts';

/** The provider entries of a deployment's settings, by name. */
type Entries = Readonly<Record<string, ProviderSettings>>;

export interface ConnectOptions {
  /**
   * Reads an entry's secret. Called on every connection, so that a secret filled in later helps.
   *
   * @param isFresh whether the value that was read before was refused, and must not be a cached one
   */
  secret(entry: string, isFresh: boolean): Promise<string | undefined>;
  readonly objects: ObjectStore;
  /** Entry → ARN of the role that its jobs run under. */
  readonly jobRoles?: Readonly<Record<string, string>>;
  /** Where jobs are created with a URL to report their end to. Undefined for an entry without one. */
  webhook?(entry: string): WebhookTarget | undefined;
  /** Local run: entry → base URL that replaces the one in the settings. */
  readonly baseUrls?: Readonly<Record<string, string>>;
}

/** An entry's adapter, and the value of the secret that it was connected with. */
interface Connection {
  readonly provider: Provider;
  readonly secret: string | undefined;
}

/**
 * The providers of these entries. An entry is connected on first use and kept until its account is
 * refused. Its secret is then read anew, and if it has changed, the call is repeated once: a key
 * that was rotated takes effect at the first refusal of the old one.
 */
export function connectProviders(
  entries: Entries,
  { secret, objects, jobRoles = {}, webhook, baseUrls = {} }: ConnectOptions,
): Providers {
  const connections = new Map<string, Promise<Connection>>();
  /** Entries whose secret was refused or could not be used: it is not taken from a cache. */
  const refused = new Set<string>();

  async function connect(name: string): Promise<Connection> {
    const isFresh = refused.delete(name);
    let used: string | undefined;
    const settings = entrySettings(entries, name);
    const baseUrl = ownValue(baseUrls, name) ?? settings.baseUrl;
    if (baseUrl !== undefined) checkBaseUrl(name, baseUrl);
    const provider = await kindOf(settings).connect({
      entry: name,
      settings,
      limits: entryLimits(settings),
      baseUrl,
      secret: async () => {
        used = await secret(name, isFresh);
        return used;
      },
      objects,
      jobRole: ownValue(jobRoles, name),
      webhook: webhook?.(name),
    });
    return { provider: hidingSecret(provider, used), secret: used };
  }

  function connected(name: string): Promise<Connection> {
    const known = connections.get(name);
    if (known !== undefined) return known;
    const connection = connect(name);
    connections.set(name, connection);
    connection.catch(() => forget(name, connection));
    return connection;
  }

  function forget(name: string, connection: Promise<Connection>): void {
    if (connections.get(name) !== connection) return;
    connections.delete(name);
    refused.add(name);
  }

  /** @returns a connection with another secret; undefined if the secret is still the same */
  async function reconnected(
    name: string,
    old: Promise<Connection>,
  ): Promise<Provider | undefined> {
    forget(name, old);
    // A secret that cannot be used any more is no better: the caller throws the first refusal.
    const next = await connected(name).catch(() => undefined);
    return next === undefined || next.secret === (await old).secret ? undefined : next.provider;
  }

  return {
    ...describedProviders(entries),
    async get(name) {
      const connection = connected(name);
      const { provider } = await connection;
      return retryingRefused(provider, () => reconnected(name, connection));
    },
  };
}

/** Static facts about these entries. Reads no secret and loads no SDK. */
export function describedProviders(entries: Entries): DescribedProviders {
  return {
    names: Object.keys(entries),
    timing(name, completionWindow) {
      const settings = ownValue(entries, name);
      return settings && entryTiming(settings, completionWindow);
    },
    async describe(name) {
      const settings = entrySettings(entries, name);
      const description = await kindOf(settings).describe(settings);
      return {
        ...description,
        limits: entryLimits(settings),
        pricing: await pricingOf(settings),
        takesWindow: kindOf(settings).takesWindow,
        defaultModel: defaultModelOf(settings.models),
        models: Object.keys(settings.models).filter((model) => model !== '*'),
      };
    },
  };
}

/** The value of an entry, which may have the name of a property of every object, such as `constructor`. */
function ownValue<T>(values: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(values, name) ? values[name] : undefined;
}

function entrySettings(entries: Entries, name: string): ProviderSettings {
  const settings = ownValue(entries, name);
  if (settings !== undefined) return settings;
  const known = Object.keys(entries).join(', ');
  throw new RefusedError({
    code: 'unknown_provider',
    message: `provider is ${JSON.stringify(name.slice(0, 100))}: use one of ${known}`,
  });
}

/** The limits of an entry: those of its kind, and its own in their place. */
export function entryLimits(settings: ProviderSettings): Limits {
  // JSON has no undefined: a limit that is in the settings has a value.
  return { ...kindOf(settings).limits, ...(settings.limits as Limits) };
}

/** A window that the message names counts before the entry's own time, and that before its window. */
function entryTiming(settings: ProviderSettings, ofMessage: string | undefined): Timing {
  const { timing, takesWindow } = kindOf(settings);
  const ofEntry = 'completionWindow' in settings ? settings.completionWindow : undefined;
  const during = (window: string | undefined) =>
    takesWindow && window !== undefined ? { completionHours: hoursOfWindow(window) } : {};
  // JSON has no undefined: a time that is in the settings has a value.
  const own = settings.timing as Timing;
  return { ...timing, ...during(ofEntry), ...own, ...during(ofMessage) };
}

async function pricingOf(settings: ProviderSettings): Promise<Pricing> {
  const { batchDiscount: usual, isCacheDiscounted, priceList } = kindOf(settings);
  const { prices = {}, models, batchDiscount = usual, dailyBudget } = settings;
  const table: Readonly<Record<string, Price | typeof BUILTIN>> =
    prices === BUILTIN ? { '*': BUILTIN } : prices;
  const builtin = Object.values(table).includes(BUILTIN)
    ? await builtinPrices({ id: priceList, baseUrl: settings.baseUrl })
    : undefined;
  const listPriceOf = (model: string): Price | undefined => {
    const own = modelAt(models, model);
    const found = priceIn(table, [model, own]);
    return found === BUILTIN ? builtin?.(own) : found;
  };
  return {
    priceOf(model) {
      const price = listPriceOf(model);
      return price && discounted(price, batchDiscount ?? 0, isCacheDiscounted);
    },
    ...(batchDiscount !== undefined && { listPriceOf }),
    dailyBudget,
    builtinDate: builtin && BUILTIN_PRICES_DATE,
  };
}

/**
 * The same provider, which repeats a call once if the account was refused and `reconnect` gives
 * another. A refusal is definite, so a create call that was refused has created nothing. What has
 * been read in part is not read again.
 */
function retryingRefused(
  provider: Provider,
  reconnect: () => Promise<Provider | undefined>,
): Provider {
  async function again(error: unknown): Promise<Provider> {
    const isRefused = error instanceof ProviderError && error.kind === 'account';
    const other = isRefused ? await reconnect() : undefined;
    if (other === undefined) throw error;
    return other;
  }
  async function call<T>(make: (one: Provider) => Promise<T>): Promise<T> {
    try {
      return await make(provider);
    } catch (error) {
      return make(await again(error));
    }
  }
  async function* read<T>(open: (one: Provider) => AsyncIterable<T>): AsyncGenerator<T> {
    let isEmpty = true;
    let other: Provider;
    try {
      for await (const item of open(provider)) {
        isEmpty = false;
        yield item;
      }
      return;
    } catch (error) {
      other = await again(error);
      if (!isEmpty) throw error;
    }
    yield* open(other);
  }
  return wrapCalls(provider, { call, read });
}

/** A shorter one would be found in words. */
const SHORTEST_SECRET = 8;

/** The same provider, in whose errors the key of the entry is not shown. Most keys have no form of their own. */
function hidingSecret(provider: Provider, secret: string | undefined): Provider {
  const key = secret?.trim() ?? '';
  if (key.length < SHORTEST_SECRET) return provider;
  function hidden(error: unknown): unknown {
    if (!(error instanceof ProviderError) || !error.message.includes(key)) return error;
    const { kind, reason } = error;
    const code = reason.code.replaceAll(key, '…');
    const message = reason.message.replaceAll(key, '…');
    return new ProviderError(kind, { ...reason, code, message });
  }
  return wrapCalls(provider, {
    call: (make) =>
      make(provider).catch((error: unknown) => {
        throw hidden(error);
      }),
    async *read(open) {
      try {
        yield* open(provider);
      } catch (error) {
        throw hidden(error);
      }
    },
  });
}

/** @throws ProviderError `account`, so that the entry waits for its settings to be corrected */
function checkBaseUrl(name: string, baseUrl: string): void {
  const problem = baseUrlProblem(baseUrl);
  if (problem === undefined) return;
  throw new ProviderError('account', {
    code: 'base_url_refused',
    message: `baseUrl of provider ${name} is ${shownBaseUrl(baseUrl)}: ${problem}`,
  });
}
