import type { Batch } from '../../batch/batch.ts';
import { messageOf, NewerSchemaError } from '../../batch/errors.ts';
import { isHeld } from '../../batch/holds.ts';
import type { ProviderState } from '../../batch/providerState.ts';
import { METRICS } from '../../metrics.ts';
import type { Dependencies } from '../dependencies.ts';

/** Kept for releasing the lease: milliseconds, at most a fifth of the sweep's time. */
const RESERVE_MS = 20_000;

/** What one sweep knows and counts as it goes. */
export interface SweepRun {
  /** Whether the time is over: what is left waits for the next sweep. */
  isOver(): boolean;
  /** Runs one batch's part; its failure is its own and delays no other. */
  safely(batchId: string, part: () => Promise<void>): Promise<void>;
  /** Whether calls to a provider are pointless because it refuses our account; read once per sweep. */
  isPaused(provider: string): Promise<boolean>;
  /** Records whose claim has expired: a job of theirs may exist. */
  readonly unresolved: Batch[];
  seen: number;
  admitted: number;
  errors: number;
}

export function newSweepRun(dependencies: Dependencies, deadline: number): SweepRun {
  const { clock, log, metrics, providerStates } = dependencies;
  const stopAt = deadline - Math.min(RESERVE_MS, (deadline - clock.now()) / 5);
  const states = new Map<string, Promise<ProviderState>>();
  const stateOf = (provider: string): Promise<ProviderState> => {
    const known = states.get(provider);
    if (known) return known;
    const state = providerStates.get(provider);
    states.set(provider, state);
    return state;
  };
  const run: SweepRun = {
    isOver: () => clock.now() >= stopAt,
    async safely(batchId, part) {
      run.seen += 1;
      try {
        await part();
      } catch (error) {
        run.errors += 1;
        const newer = error instanceof NewerSchemaError;
        metrics.count(newer ? METRICS.newerSchema : METRICS.sweepErrors, 1);
        log.error('a batch could not be looked at', { batchId, error: messageOf(error) });
      }
    },
    async isPaused(provider) {
      const state = await stateOf(provider);
      return state.hold?.kind === 'account' && isHeld(state, clock.now());
    },
    unresolved: [],
    seen: 0,
    admitted: 0,
    errors: 0,
  };
  return run;
}
