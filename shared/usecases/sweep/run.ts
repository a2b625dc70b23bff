import { messageOf, NewerSchemaError } from '../../batch/errors.ts';
import type { JobState } from '../../batch/job.ts';
import { type BatchStore, pages, type WaitingHint } from '../../batch/ports.ts';
import type { Batch, BatchIn } from '../../batch/record.ts';
import { METRICS } from '../../metrics.ts';
import { isBlocked } from '../../quota/providerState.ts';
import type { Dependencies } from '../dependencies.ts';
import { logFieldsOf } from '../logFields.ts';

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

type ListRunningPorts = Pick<Dependencies, 'providers' | 'batches' | 'policy' | 'log'>;

/** The listing may begin with so many jobs of others: a page of most providers. */
const MAX_FOREIGN_FIRST = 100;
/** After that it must have one job of ours in so many; otherwise single checks are as cheap. */
const MAX_FOREIGN_PER_OWN = 10;

/**
 * Lists a provider's running jobs, which takes a call per page instead of one per job. Only
 * `running` is taken from the listing: a job that it does not show, or shows as ended, is checked
 * by itself, because a service may list a job without all of its output.
 *
 * @returns the states of our running jobs by id. Empty if our jobs are few or the provider has no
 *   such listing; incomplete if the listing failed half way
 */
export async function listRunning(
  { providers, batches, policy, log }: ListRunningPorts,
  run: { dueBudgetSpent(): boolean },
  name: string,
): Promise<ReadonlyMap<string, JobState>> {
  const running = new Map<string, JobState>();
  try {
    const provider = await providers.get(name);
    if (!provider.listStates) return running;
    const wanted = await activeJobIds(batches, name);
    if (wanted.size < policy.listFrom) return running;
    let listed = 0;
    let found = 0;
    for await (const { jobId, state } of provider.listStates()) {
      listed += 1;
      if (wanted.delete(jobId)) {
        found += 1;
        if (state.state === 'running') running.set(jobId, state);
      }
      const isRare = listed >= MAX_FOREIGN_FIRST + found * MAX_FOREIGN_PER_OWN;
      if (wanted.size === 0 || isRare || run.dueBudgetSpent()) break;
    }
  } catch (error) {
    log.warn('job listing failed; jobs are checked one by one', {
      provider: name,
      error: messageOf(error),
    });
  }
  return running;
}

/** Ids only: thousands of records would not fit into memory at once. */
async function activeJobIds(batches: BatchStore, provider: string): Promise<Set<string>> {
  const ids = new Set<string>();
  for await (const page of pages((cursor) => batches.listActive(provider, cursor)))
    for (const { jobId, isOver } of page) if (jobId !== undefined && !isOver) ids.add(jobId);
  return ids;
}

/** Metrics of the present state, from what a sweep reads anyway. */
export class Gauges {
  readonly #runningByProvider = new Map<string, number>();
  readonly #blocked = new Set<string>();
  #waiting = 0;
  #oldestQueuedMs = 0;
  #lagMs = 0;

  noteRunning({ provider }: Batch): void {
    this.#runningByProvider.set(provider, (this.#runningByProvider.get(provider) ?? 0) + 1);
  }

  /** Not to be called for a batch with a running job: it is due as long as the job runs. */
  noteDue(dueAt: number, now: number): void {
    this.#lagMs = Math.max(this.#lagMs, now - dueAt);
  }

  /** @param rest the batches of a provider's queue for which it has no capacity */
  noteQueue(length: number, rest: readonly WaitingHint[], now: number): void {
    this.#waiting += length;
    for (const { queuedAt } of rest)
      this.#oldestQueuedMs = Math.max(this.#oldestQueuedMs, now - queuedAt);
  }

  noteBlocked(provider: string): void {
    this.#blocked.add(provider);
  }

  /**
   * Emits the metrics. The lag and the age are emitted in any case, since a sweep of a part finds
   * lower bounds of them; counts of a part would mislead.
   *
   * @param isWhole whether the sweep came to everything
   */
  emit(
    { metrics, providers }: Pick<Dependencies, 'metrics' | 'providers'>,
    admitted: number,
    isWhole: boolean,
  ): void {
    metrics.measure(METRICS.sweepLag, this.#lagMs / 1000);
    metrics.measure(METRICS.oldestQueuedAge, this.#oldestQueuedMs / 1000);
    if (!isWhole) return;
    metrics.measure(METRICS.queued, Math.max(0, this.#waiting - admitted));
    metrics.measure(METRICS.providerBlocked, this.#blocked.size);
    for (const name of this.#blocked) metrics.measure(METRICS.providerBlocked, 1, name);
    let inFlight = 0;
    for (const name of new Set([...providers.names, ...this.#runningByProvider.keys()])) {
      const running = this.#runningByProvider.get(name) ?? 0;
      metrics.measure(METRICS.inFlight, running, name);
      inFlight += running;
    }
    metrics.measure(METRICS.inFlight, inFlight);
  }
}
