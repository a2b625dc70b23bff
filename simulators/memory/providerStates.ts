import type { ProviderState, ProviderStateStore } from '../../shared/quota/providerState.ts';
import { callAtOnce, type MakeCall } from './calls.ts';

/** The providers' own records, by entry. */
export class MemoryProviderStates {
  readonly states = new Map<string, ProviderState>();

  /** @param onWrite called with each state as it is written */
  store(
    call: MakeCall = callAtOnce,
    onWrite: (state: ProviderState) => void = () => {},
  ): ProviderStateStore {
    const { states } = this;
    return {
      get: (provider) =>
        call(
          `read ${provider}`,
          () => states.get(provider) ?? { schemaVersion: 1, provider, version: 0 },
        ),
      replace: (state) =>
        call(`write ${state.provider}`, () => {
          const known = states.get(state.provider);
          // A write that is repeated because its reply was lost.
          if (known === state) return 'written';
          if ((known?.version ?? 0) !== state.version - 1) return 'conflict';
          states.set(state.provider, state);
          onWrite(state);
          return 'written';
        }),
      list: () => call('list providers', () => [...states.keys()]),
    };
  }
}
