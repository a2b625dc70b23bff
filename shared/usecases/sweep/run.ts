import { messageOf, NewerSchemaError } from '../../batch/errors.ts';
import type { JobState } from '../../batch/job.ts';
import { type BatchStore, pages, type WaitingHint } from '../../batch/ports.ts';
import type { Batch } from '../../batch/record.ts';
import { METRICS } from '../../metrics.ts';
import { isUnavailable } from '../../quota/providerState.ts';
import type { Dependencies } from '../dependencies.ts';
import { batchContextOf } from '../logContext.ts';
import { logFieldsOf } from '../logFields.ts';

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
  /**
   * Runs a step whose failure must not stop the sweep. It is logged and counted.
   *
   * @param subject fields of the log line that name what the step is about
   */
  safely(subject: object, step: () => Promise<void>): Promise<void>;
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
    async safely(subject, step) {
      run.seen += 1;
      try {
        await step();
      } catch (error) {
        run.errors += 1;
        const newer = error instanceof NewerSchemaError;
        metrics.count(newer ? METRICS.newerSchema : METRICS.sweepErrors, 1);
        const about = { ...subject, ...batchContextOf(error), ...logFieldsOf(error) };
        log.error('batch sweep failed', { ...about, error: messageOf(error) });
      }
    },
    async isAccountHeld(provider) {
      const state = await states.of(provider);
      return state.hold?.kind === 'account' && isUnavailable(state, clock.now());
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

/** How things stand, from what a sweep reads anyway. */
export class Gauges {
  /** By provider. */
  readonly #running = new Map<string, number>();
  readonly #blocked = new Set<string>();
  #waiting = 0;
  #oldestQueuedMs = 0;
  #lagMs = 0;

  noteRunning({ provider }: Batch): void {
    this.#running.set(provider, (this.#running.get(provider) ?? 0) + 1);
  }

  /** Not of a batch that stays due for as long as it runs. */
  noteDue({ dueAt }: Batch, now: number): void {
    this.#lagMs = Math.max(this.#lagMs, now - (dueAt ?? now));
  }

  /** @param rest those of a provider's queue that found no room there */
  noteQueue(length: number, rest: readonly WaitingHint[], now: number): void {
    this.#waiting += length;
    for (const { queuedAt } of rest)
      this.#oldestQueuedMs = Math.max(this.#oldestQueuedMs, now - queuedAt);
  }

  noteBlocked(provider: string): void {
    this.#blocked.add(provider);
  }

  /**
   * @param isWhole whether the sweep came to everything: numbers of a part would mislead, while what
   *   is late is at least so late
   */
  tell({ metrics, providers }: Dependencies, { admitted }: SweepRun, isWhole: boolean): void {
    metrics.measure(METRICS.sweepLag, this.#lagMs / 1000);
    metrics.measure(METRICS.oldestQueuedAge, this.#oldestQueuedMs / 1000);
    if (!isWhole) return;
    metrics.measure(METRICS.queued, Math.max(0, this.#waiting - admitted));
    metrics.measure(METRICS.providerBlocked, this.#blocked.size);
    for (const name of this.#blocked) metrics.measure(METRICS.providerBlocked, 1, name);
    const running = (name: string) => this.#running.get(name) ?? 0;
    const names = new Set([...providers.names, ...this.#running.keys()]);
    for (const name of names) metrics.measure(METRICS.inFlight, running(name), name);
    metrics.measure(
      METRICS.inFlight,
      [...names].map(running).reduce((sum, each) => sum + each, 0),
    );
  }
}

/** Jobs that may come first although none of them is ours: a page of most providers. */
const MAX_FOREIGN_FIRST = 100;
/** Beyond that, one in so many must be ours, or asking about each costs as few calls and less time. */
const MAX_FOREIGN_PER_OWN = 10;

/**
 * Our jobs that a provider's list shows as running: a call a page, instead of one for each. The
 * list is believed of nothing else. A job that it does not show, or shows as ended, is asked about
 * by itself: a service may list its jobs without all that they wrote. Empty where our jobs are few
 * or there is no such list; what a listing has told before it failed counts.
 */
export async function listRunning(
  dependencies: Dependencies,
  run: Pick<SweepRun, 'isLookingOver'>,
  name: string,
): Promise<ReadonlyMap<string, JobState>> {
  const { providers, batches, policy, log } = dependencies;
  const running = new Map<string, JobState>();
  try {
    const provider = await providers.get(name);
    if (!provider.listStates) return running;
    const wanted = await namedJobs(batches, name);
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
      if (wanted.size === 0 || isRare || run.isLookingOver()) break;
    }
  } catch (error) {
    log.warn('jobs could not be listed: they are asked about one by one', {
      provider: name,
      error: messageOf(error),
    });
  }
  return running;
}

/** Ids only: thousands of records would not fit beside each other. */
async function namedJobs(batches: BatchStore, name: string): Promise<Set<string>> {
  const ids = new Set<string>();
  for await (const page of pages((cursor) => batches.listActive(name, cursor)))
    for (const { jobId, isOver } of page) if (jobId !== undefined && !isOver) ids.add(jobId);
  return ids;
}
