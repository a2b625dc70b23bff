import type { ObjectStore } from '../batch/ports.ts';
import type { Settings } from '../config.ts';
import { checkBaseUrl } from './baseUrl.ts';
import { describedProviders, kindOf, limitsOf, settingsOf } from './described.ts';
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
