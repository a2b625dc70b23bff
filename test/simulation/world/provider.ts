import { ProviderError, type ProviderErrorKind } from '../../../shared/batch/errors.ts';
import type { JobState, Outcome } from '../../../shared/batch/job.ts';
import type { ListedJob, Provider } from '../../../shared/providers/provider.ts';
import { LostReply, type Process, Refused } from '../process.ts';
import type { Simulation } from '../simulation.ts';

const HOUR = 3_600_000;
const MAX_IN_FLIGHT = 2;
/** A late landing: the margin that the lease leaves for it. */
const LANDS_WITHIN_MS = 25_000;

/** What becomes of a job, and how often. */
const PLANS = {
  completed: 10,
  partial: 8,
  expired: 5,
  quota: 5,
  account: 1,
  refused: 1,
  broken: 2,
  cancelled: 1,
  all_errors: 1,
  stuck: 2,
} as const;
type Plan = keyof typeof PLANS;

export interface SimulatedJob {
  readonly id: string;
  readonly key: string;
  readonly batchId: string;
  readonly createdAt: number;
  readonly customIds: readonly string[];
  readonly plan: Plan;
  endsAt: number;
  cancelled: boolean;
  outputDeleted: boolean;
  /** The row of each request that has one when the job has ended. */
  readonly rows: ReadonlyMap<string, number>;
}

/** An upload, and the job that took it, if one did. */
export interface SimulatedUpload {
  readonly key: string;
  readonly createdAt: number;
  job: SimulatedJob | undefined;
  deleted: boolean;
}

/** One account at a provider. */
export class ProviderAccount {
  readonly jobs: SimulatedJob[] = [];
  readonly uploads: SimulatedUpload[] = [];
  readonly #simulation: Simulation;

  /** A provider that tells whose a job is only when it has ended. */
  readonly #hidesKeys: boolean;
  /** Of one job: what is larger is split. */
  readonly #maxRequests: number;

  constructor(simulation: Simulation, kind: { hidesKeys: boolean; maxRequests: number }) {
    this.#simulation = simulation;
    this.#hidesKeys = kind.hidesKeys;
    this.#maxRequests = kind.maxRequests;
  }

  isLive(job: SimulatedJob): boolean {
    return this.#simulation.now < job.endsAt;
  }

  isFull(): boolean {
    return this.jobs.filter((job) => this.isLive(job)).length >= MAX_IN_FLIGHT;
  }

  isBusy(): boolean {
    return this.jobs.some((job) => this.isLive(job));
  }

  /** When a job ends, or did, as things stand. */
  endOf(jobId: string | undefined): number | undefined {
    return this.jobs.find(({ id }) => id === jobId)?.endsAt;
  }

  /** When the next job ends by itself, if one is running. */
  nextEnd(): number {
    const ends = this.jobs.filter((job) => this.isLive(job)).map((job) => job.endsAt);
    return Math.min(Number.POSITIVE_INFINITY, ...ends);
  }

  #create(upload: SimulatedUpload, batchId: string, lines: string): SimulatedJob {
    const { key } = upload;
    const { random, now } = this.#simulation;
    const customIds = lines
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).custom_id as string);
    const plan = this.#simulation.isCalm ? 'completed' : random.weighted(PLANS);
    const length = random.chance(0.1)
      ? random.between(HOUR, 23 * HOUR)
      : random.between(1000, HOUR);
    const job: SimulatedJob = {
      id: `job-${this.jobs.length + 1}`,
      key,
      batchId,
      createdAt: now,
      customIds,
      plan,
      endsAt: plan === 'stuck' ? this.#stuckUntil() : now + length,
      cancelled: false,
      outputDeleted: false,
      rows: new Map(customIds.flatMap((id) => this.#row(plan, id))),
    };
    this.#simulation.onJob(job);
    this.#simulation.invariants.onUploadTaken(upload, job);
    upload.job = job;
    this.jobs.push(job);
    return job;
  }

  /** Where keys are hidden while a job runs, none runs for ever: it could never be told whose it is. */
  #stuckUntil(): number {
    return this.#hidesKeys ? this.#simulation.now + 24 * HOUR : Number.POSITIVE_INFINITY;
  }

  #row(plan: Plan, customId: string): [string, number][] {
    const { random } = this.#simulation;
    switch (plan) {
      case 'completed':
        return [[customId, 200]];
      case 'all_errors':
        return [[customId, 400]];
      case 'partial':
        return [[customId, random.pick([200, 200, 200, 429, 500, 400, 0])]];
      case 'expired':
      case 'broken':
      case 'cancelled':
      case 'stuck':
        return random.chance(0.5) ? [[customId, 200]] : [];
      default:
        return [];
    }
  }

  #state(job: SimulatedJob): JobState {
    if (this.isLive(job)) return { state: 'running' };
    const files = job.rows.size > 0 ? [job.id] : [];
    return { state: 'ended', outcome: { ...outcomeOf(job), jobId: job.id, files } };
  }

  #listing(job: SimulatedJob): ListedJob {
    const { id, createdAt, customIds } = job;
    return this.#hidesKeys && this.isLive(job)
      ? { id, createdAt, key: undefined, hiddenRequests: customIds.length }
      : { id, createdAt, key: job.key };
  }

  provider(process: Process): Provider {
    const simulation = this.#simulation;
    const { random } = simulation;
    // As long as the client tries, all in all.
    const call = async <T>(what: string, effect: () => T): Promise<T> => {
      try {
        return await process.call(what, effect, { timeoutMs: 120_000, slowMs: 180_000 });
      } catch (error) {
        throw passing(error);
      }
    };
    const deleteUpload = (upload: SimulatedUpload) =>
      call(`delete the upload of ${upload.key}`, () => {
        simulation.invariants.onUploadDeleted(upload);
        upload.deleted = true;
      });
    const find = (jobId: string) => {
      const job = this.jobs.find(({ id }) => id === jobId);
      if (job) return job;
      throw failure('missing');
    };
    return {
      limits: {
        maxInFlight: MAX_IN_FLIGHT,
        maxEnqueuedTokens: 1_000_000,
        maxRequests: this.#maxRequests,
        maxBytes: 1_000_000,
      },
      endpoints: ['/v1/embeddings'],
      checkOptions: () => {},
      submit: async ({ key, batchId, file, createDeadlineMs }) => {
        const lines = Buffer.from(await file.read(0, file.bytes)).toString();
        const upload = { key, createdAt: simulation.now, job: undefined, deleted: false };
        // Nothing of a killed process is on the wire for longer than its lease allows.
        const landsUntil = process.deadline + LANDS_WITHIN_MS;
        const land = () => {
          if (simulation.now <= landsUntil) this.uploads.push(upload);
        };
        try {
          await process.call('upload', land, {
            usualMs: 5_000,
            slowMs: 1_500_000,
            slowness: 5,
          });
        } catch {
          throw failure('transient');
        }
        const refusal = this.#refusal();
        try {
          const job = await process.call(
            `create ${key}`,
            () => {
              if (refusal) throw failure(refusal);
              return this.#create(upload, batchId, lines);
            },
            {
              timeoutMs: createDeadlineMs,
              landsWithinMs: LANDS_WITHIN_MS,
              usualMs: 2_000,
              slowMs: 120_000,
              slowness: 5,
            },
          );
          return { jobId: job.id };
        } catch (error) {
          // A 500 or a reset: whether there is a job is not known.
          if (error instanceof Refused || error instanceof LostReply) throw failure('uncertain');
          await deleteUpload(upload).catch(() => {});
          throw error;
        }
      },
      check: (jobId) =>
        call(`check ${jobId}`, () => {
          const odd = random.chance(simulation.faults.refused)
            ? random.pick(['unknown', 'missing'])
            : undefined;
          const job = find(jobId);
          if (odd === 'unknown') return { state: 'unknown', status: 'weird' };
          if (odd === 'missing') return { state: 'missing' };
          return this.#state(job);
        }),
      cancel: (jobId) =>
        call(`cancel ${jobId}`, () => {
          const job = find(jobId);
          if (!this.isLive(job)) return;
          job.cancelled = true;
          job.endsAt = Math.min(job.endsAt, simulation.now + random.between(0, 600_000));
        }),
      listJobs: (since) => listed(this.jobs, since, call, (job) => this.#listing(job)),
      listStates: () =>
        listed(this.jobs, 0, call, (job) => ({
          jobId: job.id,
          state: random.chance(simulation.faults.refused)
            ? { state: 'unknown' as const, status: 'weird' }
            : this.#state(job),
        })),
      readRows: ({ files }) => rowsOf(files.map(find), call),
      deleteFiles: async (jobId) => {
        const job = await call(`look up ${jobId}`, () => this.jobs.find(({ id }) => id === jobId));
        if (!job) return;
        for (const upload of this.uploads) if (upload.job === job) await deleteUpload(upload);
        await call(`delete the output of ${jobId}`, () => {
          simulation.invariants.onOutputDeleted(job);
          job.outputDeleted = true;
        });
      },
      deleteLeftovers: async (keys, since) => {
        const found = await call('list uploads', () =>
          this.uploads.filter(({ key, createdAt, deleted }) => {
            return keys.has(key) && createdAt >= since && !deleted;
          }),
        );
        for (const upload of found) await deleteUpload(upload);
      },
    };
  }

  #refusal(): ProviderErrorKind | undefined {
    const { random, isCalm } = this.#simulation;
    if (isCalm || !random.chance(0.08)) return undefined;
    return random.weighted({ quota: 6, account: 1, permanent: 1 });
  }
}

/** Newest first, page by page: it may fail half way. */
async function* listed<T>(
  jobs: readonly SimulatedJob[],
  since: number,
  call: <T>(what: string, effect: () => T) => Promise<T>,
  listing: (job: SimulatedJob) => T,
): AsyncGenerator<T> {
  const all = await call('list jobs', () => jobs.toReversed());
  for (const [index, job] of all.entries()) {
    if (job.createdAt < since) return;
    if (index > 0 && index % 2 === 0) await call('list more jobs', () => {});
    yield listing(job);
  }
}

async function* rowsOf(
  jobs: readonly SimulatedJob[],
  call: <T>(what: string, effect: () => T) => Promise<T>,
): AsyncGenerator<readonly Uint8Array[]> {
  for (const job of jobs) {
    const { id, rows } = job;
    await call(`download ${id}`, () => {
      if (job.outputDeleted) throw failure('missing');
    });
    for (const [index, [customId, status]] of [...rows].reverse().entries()) {
      if (index === 1) await call(`download more of ${id}`, () => {});
      const response = { status_code: status, request_id: id, body: {} };
      const row = { id: `${id}/${customId}`, custom_id: customId, response, error: null };
      yield [Buffer.from(JSON.stringify(row))];
    }
  }
}

function outcomeOf({ plan, cancelled }: SimulatedJob): Omit<Outcome, 'files'> {
  const reason = { code: plan, message: 'simulated' };
  if (cancelled && plan !== 'quota' && plan !== 'refused' && plan !== 'account')
    return { kind: 'cancelled' };
  switch (plan) {
    case 'quota':
    case 'account':
      return { kind: 'failed', refusal: plan, reason };
    case 'refused':
      return { kind: 'failed', refusal: 'permanent', reason };
    case 'broken':
      return { kind: 'failed', reason };
    case 'expired':
      return { kind: 'expired' };
    case 'cancelled':
    case 'stuck':
      return { kind: 'cancelled' };
    default:
      return { kind: 'completed' };
  }
}

function failure(kind: ProviderErrorKind): ProviderError {
  return new ProviderError(kind, { code: kind, message: 'simulated' });
}

function passing(error: unknown): unknown {
  return error instanceof Refused || error instanceof LostReply ? failure('transient') : error;
}
