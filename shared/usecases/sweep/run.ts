import type { Batch } from '../../batch/batch.ts';
import { messageOf, NewerSchemaError } from '../../batch/errors.ts';
import { isHeld } from '../../batch/holds.ts';
import type { JobState } from '../../batch/job.ts';
import { METRICS } from '../../metrics.ts';
import { subjectOf } from '../about.ts';
import type { Dependencies } from '../dependencies.ts';
import { Gauges } from './gauges.ts';
import { listRunning } from './listRunning.ts';

/** Kept for releasing the lease: milliseconds, at most a fifth of the sweep's time. */
const RESERVE_MS = 20_000;
/** Of the time, what looking at due batches may take: a provider that hangs must not stop the rest. */
const LOOKING_SHARE = 0.75;

/** What one sweep knows and counts as it goes. */
export interface SweepRun {
  /** Whether the time is over: what is left waits for the next sweep. */
  isOver(): boolean;
  /** Whether what time is left belongs to recovery and admission. */
  isLookingOver(): boolean;
  /** Runs one batch's part; its failure is its own and delays no other. */
  safely(batchId: string, part: () => Promise<void>): Promise<void>;
  /**
   * Whether calls to a provider are pointless because it refuses our account: read once per sweep,
   * and again when this sweep has been refused.
   */
  isAccountHeld(provider: string): Promise<boolean>;
  onRefused(provider: string): void;
  /** What its list tells of the jobs that it runs; read once per sweep, when it is first needed. */
  runningJobs(provider: string): Promise<ReadonlyMap<string, JobState>>;
  /** Where the next sweep goes on with what this one has no time for. */
  readonly next: Record<string, string>;
  /** Which part of each long queue is next: no sweep reads one as a whole. */
  readonly places: Map<string, string>;
  /** Whose jobs this sweep was the first to see taken on. */
  readonly accepted: Batch[];
  /** Records whose claim has expired: a job of theirs may exist. */
  readonly unresolved: Batch[];
  readonly gauges: Gauges;
  seen: number;
  admitted: number;
  errors: number;
}

export function newSweepRun(dependencies: Dependencies, deadline: number): SweepRun {
  const { clock, log, metrics, providerStates } = dependencies;
  const startedAt = clock.now();
  const stopAt = deadline - Math.min(RESERVE_MS, (deadline - startedAt) / 5);
  const lookUntil = startedAt + (stopAt - startedAt) * LOOKING_SHARE;
  const states = rememberedByName((provider) => providerStates.get(provider));
  const running = rememberedByName((provider) => listRunning(dependencies, run, provider));
  const run: SweepRun = {
    isOver: () => clock.now() >= stopAt,
    isLookingOver: () => clock.now() >= lookUntil,
    async safely(batchId, part) {
      run.seen += 1;
      try {
        await part();
      } catch (error) {
        run.errors += 1;
        const newer = error instanceof NewerSchemaError;
        metrics.count(newer ? METRICS.newerSchema : METRICS.sweepErrors, 1);
        const fields = { batchId, ...subjectOf(error), error: messageOf(error) };
        log.error('a batch could not be looked at', fields);
      }
    },
    async isAccountHeld(provider) {
      const state = await states.of(provider);
      return state.hold?.kind === 'account' && isHeld(state, clock.now());
    },
    onRefused: states.forget,
    runningJobs: running.of,
    next: {},
    places: new Map(),
    gauges: new Gauges(),
    accepted: [],
    unresolved: [],
    seen: 0,
    admitted: 0,
    errors: 0,
  };
  return run;
}

/** Reads each once: whoever asks while it is being read waits for the same answer. */
function rememberedByName<T>(read: (name: string) => Promise<T>) {
  const known = new Map<string, Promise<T>>();
  return {
    of(name: string): Promise<T> {
      const answer = known.get(name) ?? read(name);
      known.set(name, answer);
      return answer;
    },
    forget: (name: string): void => void known.delete(name),
  };
}
