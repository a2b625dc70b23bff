import { messageOf, UnreadableRecordError } from '../../batch/errors.ts';
import type { WaitingHint } from '../../batch/ports.ts';
import type { Batch, BatchIn } from '../../batch/record.ts';
import { METRICS } from '../../metrics.ts';
import { exclusionsAt, isBlocked, refusesCalls } from '../../quota/hold.ts';
import type { Dependencies } from '../dependencies.ts';
import { logFieldsOf } from '../logFields.ts';
import type { SweepScope } from './shards.ts';
import { ProviderShare, type SharePorts } from './share.ts';
import { setAside } from './unreadable.ts';

export type SweepRunPorts = SharePorts & Pick<Dependencies, 'batches' | 'providerStates'>;

/** Time kept for releasing the lease: milliseconds, but at most a fifth of the sweep's time. */
const RESERVE_MS = 20_000;
/** Due batches are read in this part of the time. */
const DUE_SHARE = 0.5;
/** Providers are called in this part of the time. The rest is for admission. */
const CALLS_SHARE = 0.75;
/**
 * And no longer than this: from the start, while due batches are processed, and again from when they
 * all have been, for what follows from them. It bounds how much a slow provider lengthens a sweep,
 * and with it the time between two sweeps of all others.
 */
const CALLS_MS = 120_000;

/** A batch whose submission a worker has claimed. */
export type ClaimedSubmission = BatchIn<'submitting'> & {
  readonly claim: NonNullable<BatchIn<'submitting'>['claim']>;
};

/** What the steps of one sweep share. */
export interface SweepRun {
  /** What it reads. */
  readonly scope: SweepScope;
  /** Whether the time is over. What is left waits for the next sweep. */
  isOver(): boolean;
  /** Whether the time for due batches is over. The rest is for the providers and admission. */
  dueBudgetSpent(): boolean;
  /** A provider's share of the sweep. */
  shareOf(provider: string): ProviderShare;
  /** Whether the share of any provider was too short. */
  hasCutShort(): boolean;
  /**
   * Runs a step whose failure must not stop the sweep. It is logged and counted.
   *
   * @param subject fields of the log line that name what the step is about
   */
  safely(subject: object, step: () => Promise<void>): Promise<void>;
  /**
   * Whether the provider refuses our account in every call. Its state is read once, and again after
   * `onBlocked`.
   */
  refusesCalls(provider: string): Promise<boolean>;
  /** Whether the provider refuses our account, or one of its models or batches. */
  isRefusing(provider: string): Promise<boolean>;
  /** Tells the run that the provider has just been blocked. */
  onBlocked(provider: string): void;
  /** Where the next sweep resumes the steps that this one has no time for. */
  readonly nextCursors: Record<string, string>;
  /** Which part of each long queue is read next. No sweep reads such a queue as a whole. */
  readonly queueCursors: Map<string, string>;
  /** Batches whose jobs were seen accepted by their providers for the first time. */
  readonly accepted: BatchIn<'running'>[];
  /** Batches whose submit claims have expired. A job may exist for each. */
  readonly unresolved: ClaimedSubmission[];
  /** Ended batches that are due. Most have files to delete at their providers. */
  readonly ended: Pick<Batch, 'batchId' | 'provider'>[];
  /** When all due batches had been processed, in milliseconds since 1970. */
  dueEndedAt: number | undefined;
  /** Whether batches were seen in partitions that are not written into, or could not be looked for. */
  mayHaveStrays: boolean;
  /** Stops the timers. To be called when the sweep is over. */
  close(): void;
  readonly gauges: Gauges;
  /** Steps that were run by `safely`. */
  seen: number;
  /** Number of batches that were started at each provider. */
  readonly admitted: Map<string, number>;
  errors: number;
}

/** Number of batches that this sweep has started at a provider. */
export function admittedTo({ admitted }: Pick<SweepRun, 'admitted'>, provider: string): number {
  return admitted.get(provider) ?? 0;
}

/** @param deadline when the function is killed, in milliseconds since 1970 */
export function newSweepRun(ports: SweepRunPorts, scope: SweepScope, deadline: number): SweepRun {
  const { clock, log, metrics, providerStates } = ports;
  const startedAt = clock.now();
  const stopAt = deadline - Math.min(RESERVE_MS, (deadline - startedAt) / 5);
  const dueUntil = startedAt + (stopAt - startedAt) * DUE_SHARE;
  const latestCall = startedAt + (stopAt - startedAt) * CALLS_SHARE;
  const callsUntil = () => Math.min(latestCall, (run.dueEndedAt ?? startedAt) + CALLS_MS);
  const states = onceByName((provider) => providerStates.get(provider));
  const shares = new Map<string, ProviderShare>();
  const run: SweepRun = {
    scope,
    isOver: () => clock.now() >= stopAt,
    dueBudgetSpent: () => clock.now() >= dueUntil,
    shareOf(provider) {
      const share = shares.get(provider) ?? new ProviderShare(provider, ports, callsUntil);
      shares.set(provider, share);
      return share;
    },
    hasCutShort: () => [...shares.values()].some((share) => share.wasCutShort()),
    async safely(subject, step) {
      run.seen += 1;
      try {
        await step();
      } catch (error) {
        run.errors += 1;
        metrics.count(METRICS.sweepErrors, 1);
        const about = { ...subject, ...logFieldsOf(error) };
        log.error('batch sweep failed', { ...about, error: messageOf(error) });
        if (error instanceof UnreadableRecordError && error.batchId !== undefined)
          await setAside(ports, error.batchId).catch((failure: unknown) =>
            log.error('record not set aside', { ...about, error: messageOf(failure) }),
          );
      }
    },
    refusesCalls: async (provider) => refusesCalls(await states.of(provider), clock.now()),
    async isRefusing(provider) {
      const state = await states.of(provider);
      const now = clock.now();
      return isBlocked(state, now) || exclusionsAt(state, now).length > 0;
    },
    onBlocked: states.forget,
    nextCursors: {},
    queueCursors: new Map(),
    gauges: new Gauges(),
    accepted: [],
    unresolved: [],
    ended: [],
    dueEndedAt: undefined,
    mayHaveStrays: false,
    close() {
      for (const share of shares.values()) share.close();
    },
    seen: 0,
    admitted: new Map(),
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

/** A sweep that comes once in a while finds batches that have been due for less at any time. */
const LATE_MS = 5 * 60_000;

/** Metrics of the present state, from what a sweep reads anyway. What is 0 is not emitted. */
export class Gauges {
  readonly #runningByProvider = new Map<string, number>();
  readonly #blocked = new Set<string>();
  readonly #tenants = new Map<string, { waiting: number; oldestMs: number }>();
  #waiting = 0;
  #oldestQueuedMs = 0;
  #lagMs = 0;

  noteRunning(provider: string, jobs: number): void {
    this.#runningByProvider.set(provider, jobs);
  }

  /** The running jobs that this sweep has counted, by provider. */
  runningJobs(): ReadonlyMap<string, number> {
    return this.#runningByProvider;
  }

  /** Not to be called for a batch with a running job: it is due as long as the job runs. */
  noteDue(dueAt: number, now: number): void {
    this.#lagMs = Math.max(this.#lagMs, now - dueAt);
  }

  /** @param rest the batches of a provider's queue for which it has no capacity */
  noteQueue(length: number, rest: readonly WaitingHint[], now: number): void {
    this.#waiting += length;
    for (const { queuedAt, tenant } of rest) {
      this.#oldestQueuedMs = Math.max(this.#oldestQueuedMs, now - queuedAt);
      if (tenant === undefined) continue;
      const { waiting, oldestMs } = this.#tenants.get(tenant) ?? { waiting: 0, oldestMs: 0 };
      const oldest = Math.max(oldestMs, now - queuedAt);
      this.#tenants.set(tenant, { waiting: waiting + 1, oldestMs: oldest });
    }
  }

  noteBlocked(provider: string): void {
    this.#blocked.add(provider);
  }

  /** Emits how late the sweep was. */
  emitLag({ metrics }: Pick<Dependencies, 'metrics'>): void {
    if (this.#lagMs >= LATE_MS) metrics.measure(METRICS.sweepLag, this.#lagMs / 1000);
  }

  /**
   * Emits the metrics of all batches. The age is emitted of a part, too, since a sweep of a part finds
   * a lower bound of it; counts of a part would mislead.
   *
   * @param isWhole whether the sweep came to everything
   * @param runningJobs by provider; undefined if they are not known
   */
  emit(
    { metrics, policy }: Pick<Dependencies, 'metrics' | 'policy'>,
    admitted: number,
    {
      isWhole,
      runningJobs,
    }: {
      readonly isWhole: boolean;
      readonly runningJobs: ReadonlyMap<string, number> | undefined;
    },
  ): void {
    const measure = (name: string, value: number, provider?: string) => {
      if (value > 0) metrics.measure(name, value, provider);
    };
    measure(METRICS.oldestQueuedAge, this.#oldestQueuedMs / 1000);
    if (!isWhole) return;
    measure(METRICS.queued, this.#waiting - admitted);
    this.#emitTenants(metrics, policy.tenantMetrics);
    measure(METRICS.providerBlocked, this.#blocked.size);
    for (const name of this.#blocked) measure(METRICS.providerBlocked, 1, name);
    if (!runningJobs) return;
    let inFlight = 0;
    for (const [name, running] of runningJobs) {
      measure(METRICS.inFlight, running, name);
      inFlight += running;
    }
    measure(METRICS.inFlight, inFlight);
  }

  /** Those with the most batches waiting. */
  #emitTenants(metrics: Dependencies['metrics'], count: number): void {
    const most = [...this.#tenants].sort(([, a], [, b]) => b.waiting - a.waiting).slice(0, count);
    for (const [tenant, { waiting, oldestMs }] of most) {
      metrics.measure(METRICS.queued, waiting, undefined, tenant);
      metrics.measure(METRICS.oldestQueuedAge, oldestMs / 1000, undefined, tenant);
    }
  }
}
