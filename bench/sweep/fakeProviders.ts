import { setTimeout as wait } from 'node:timers/promises';
import type { Provider, Providers } from '../../shared/providers/provider.ts';

/** The same providers, which can only be asked for one job at a time and take their time. */
export function slowProviders(real: Providers, latencyMs: number): Providers {
  return {
    ...real,
    async get(name) {
      const { listStates: _, ...provider }: Provider = await real.get(name);
      return {
        ...provider,
        async check() {
          await wait(latencyMs);
          return { state: 'running' };
        },
      };
    },
  };
}
