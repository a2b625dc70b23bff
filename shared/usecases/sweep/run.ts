import { messageOf, NewerSchemaError } from '../../batch/errors.ts';
import type { JobState } from '../../batch/job.ts';
import type { BatchIn } from '../../batch/record.ts';
import { METRICS } from '../../metrics.ts';
import { isBlocked } from '../../quota/providerState.ts';
import type { Dependencies } from '../dependencies.ts';
import { logFieldsOf } from '../logFields.ts';
import { Gauges } from './gauges.ts';
import { listRunning } from './listRunning.ts';

export type SweepRunPorts = Parameters<typeof listRunning>[0] &
  Pick<Dependencies, 'clock' | 'log' | 'metrics' | 'providerStates'>;

/** Time kept for releasing the lease: milliseconds, but at most a fifth of the sweep's time. */
const RESERVE_MS = 20_000;
/** Share of the time for due batches: a provider whose calls hang must not stop the other steps. */
const DUE_SHARE = 0.75;

/** A batch whose submission a worker has claimed. */
export type ClaimedSubmission = BatchIn<'submitting'> & {
  readonly claim: NonNullable<BatchIn<'submitting'>['claim']>;
};

/** What the steps of one sweep share. */
export interface SweepRun {
  /** Whether the time is over. What is left waits for the next sweep. */
  isOver(): boolean;
  /** Whether the time for due batches is over. The rest is for recovery and admission. */
  dueBudgetSpent(): boolean;
  /**
   * Runs a step whose failure must not stop the sweep. It is logged and counted.
   *
   * @param subject fields of the log line that name what the step is about
   */
  safely(subject: object, step: () => Promise<void>): Promise<void>;
  /** Whether the provider is blocked. Its state is read once, and again after `onBlocked`. */
  isBlocked(provider: string): Promise<boolean>;
  /** Tells the run that the provider has just been blocked. */
  onBlocked(provider: string): void;
  /** Running jobs by id, from one listing of the provider. */
  runningJobs(provider: string): Promise<ReadonlyMap<string, JobState>>;
  /** Where the next sweep resumes the steps that this one has no time for. */
  readonly nextCursors: Record<string, string>;
  /** Which part of each long queue is read next. No sweep reads such a queue as a whole. */
  readonly queueCursors: Map<string, string>;
  /** Batches whose jobs were seen accepted by their providers for the first time. */
  readonly accepted: BatchIn<'running'>[];
  /** Batches whose submit claims have expired. A job may exist for each. */
  readonly unresolved: ClaimedSubmission[];
  readonly gauges: Gauges;
  /** Steps that were run by `safely`. */
  seen: number;
  admitted: number;
  errors: number;
}

/** @param deadline when the function is killed, in milliseconds since 1970 */
export function newSweepRun(ports: SweepRunPorts, deadline: number): SweepRun {
  const { clock, log, metrics, providerStates } = ports;
  const startedAt = clock.now();
  const stopAt = deadline - Math.min(RESERVE_MS, (deadline - startedAt) / 5);
  const dueUntil = startedAt + (stopAt - startedAt) * DUE_SHARE;
  const states = onceByName((provider) => providerStates.get(provider));
  const running = onceByName((provider) => listRunning(ports, run, provider));
  const run: SweepRun = {
    isOver: () => clock.now() >= stopAt,
    dueBudgetSpent: () => clock.now() >= dueUntil,
    async safely(subject, step) {
      run.seen += 1;
      try {
        await step();
      } catch (error) {
        run.errors += 1;
        const isNewer = error instanceof NewerSchemaError;
        metrics.count(isNewer ? METRICS.newerSchema : METRICS.sweepErrors, 1);
        const about = { ...subject, ...logFieldsOf(error) };
        log.error('batch sweep failed', { ...about, error: messageOf(error) });
      }
    },
    isBlocked: async (provider) => isBlocked(await states.of(provider), clock.now()),
    onBlocked: states.forget,
    runningJobs: running.of,
    nextCursors: {},
    queueCursors: new Map(),
    gauges: new Gauges(),
    accepted: [],
    unresolved: [],
    seen: 0,
    admitted: 0,
    errors: 0,
  };
  return run;
}

/** Reads each value once. Callers that ask during the read get the same promise. */
function onceByName<T>(read: (name: string) => Promise<T>) {
  const known = new Map<string, Promise<T>>();
  return {
    of(name: string): Promise<T> {
      const value = known.get(name) ?? read(name);
      known.set(name, value);
      return value;
    },
    forget: (name: string): void => void known.delete(name),
  };
}
