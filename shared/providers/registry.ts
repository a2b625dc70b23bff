import { RefusedError } from '../batch/errors.ts';
import type { ProviderSettings, Settings } from '../config.ts';
import { checkBaseUrl } from './baseUrl.ts';
import { credentialOf } from './credential.ts';
import { KINDS } from './kinds.ts';
import { DEFAULT_LIMITS } from './limits.ts';
import type { Provider, Providers } from './provider.ts';
import { watchAccount } from './watch.ts';

export interface ProvidersOptions {
  /** The present value of an entry's secret: read anew each time, so that filling it in helps. */
  secret(entry: string): Promise<string | undefined>;
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
  { secret, baseUrls = {} }: ProvidersOptions,
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
    const apiKey = credentialOf(name, await secret(name));
    const limits = limitsOf(settings);
    const provider = await KINDS[settings.kind].connect({ apiKey, baseUrl, limits });
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
      return { ...KINDS[settings.kind].description, limits: limitsOf(settings) };
    },
  };
}

function limitsOf({ kind, limits }: ProviderSettings) {
  // JSON has no undefined: an entry that is there has a value.
  return { ...DEFAULT_LIMITS[kind], ...(limits as typeof DEFAULT_LIMITS.openai) };
}
