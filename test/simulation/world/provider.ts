import type { ProviderErrorKind } from '../../../shared/batch/errors.ts';
import type { JobState } from '../../../shared/batch/job.ts';
import type { ListedJob, ListedState, Provider } from '../../../shared/providers/provider.ts';
import { JOB_MS, type JobPlan } from '../lives.ts';
import type { Observer, SimulatedJob, SimulatedUpload } from '../observer.ts';
import { LostReply, type Process, Refused } from '../process.ts';
import type { Random } from '../random.ts';
import { type AccountKind, DAY, type Schedule } from '../schedule.ts';
import {
  alternating,
  answersOf,
  blindTime,
  drawOutputFault,
  drawPlan,
  failure,
  listed,
  noList,
  outcomeOf,
  rowOf,
  rowsOf,
  withBrokenRows,
  withLostRows,
} from './jobs.ts';
import { quotaReason, quotaRefusal } from './quota.ts';

const HOUR = 3_600_000;
const MAX_IN_FLIGHT = 2;
/** How late a create call may take effect: the margin of the lease. */
const LANDS_WITHIN_MS = 25_000;

/** One account at a simulated provider. */
export class ProviderAccount {
  readonly jobs: SimulatedJob[] = [];
  readonly uploads: SimulatedUpload[] = [];
  readonly #schedule: Schedule;
  readonly #observer: Observer;
  readonly #kind: AccountKind;
  /** Of what is odd about jobs. */
  readonly #chance: Random;
  /** Create calls so far. */
  #creates = 0;
  /** Jobs that were refused because the account was full or blocked. */
  refusedJobs = 0;

  constructor(schedule: Schedule, observer: Observer) {
    this.#schedule = schedule;
    this.#observer = observer;
    this.#kind = schedule.accountKind;
    this.#chance = schedule.stream('jobs');
  }

  isLive(job: SimulatedJob): boolean {
    return this.#schedule.now < job.endsAt;
  }

  isFull(): boolean {
    return this.jobs.filter((job) => this.isLive(job)).length >= MAX_IN_FLIGHT;
  }

  /** When the next running job ends; infinity if none is running. */
  nextEnd(): number {
    const ends = this.jobs.filter((job) => this.isLive(job)).map((job) => job.endsAt);
    return Math.min(Number.POSITIVE_INFINITY, ...ends);
  }

  /** Whether the account holds too much for so many more requests. */
  #lacksRoomFor(requests: number): boolean {
    const { quota } = this.#kind;
    if (!quota) return false;
    const live = this.jobs.filter((job) => this.isLive(job) && job.plan !== 'quota');
    const held = live.reduce((sum, { customIds }) => sum + customIds.length, 0);
    const isFull = this.#schedule.now < quota.fullUntil || held + requests > quota.requests;
    if (!isFull) return false;
    this.refusedJobs += 1;
    return true;
  }

  #create(upload: SimulatedUpload, batchId: string, lines: string): SimulatedJob {
    const { key } = upload;
    const { random, now } = this.#schedule;
    const customIds = lines
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).custom_id as string);
    const { quota, pendsForDays } = this.#kind;
    const isFull = this.#lacksRoomFor(customIds.length);
    if (isFull && quota && !quota.isLate) throw quotaRefusal(quota);
    const plan = isFull ? 'quota' : this.#plan();
    const { life } = this.#schedule;
    const length = life
      ? JOB_MS
      : random.chance(0.1)
        ? random.between(HOUR, 23 * HOUR)
        : random.between(1000, HOUR);
    const pendsMs = pendsForDays ? this.#chance.between(DAY, 3 * DAY) : 0;
    // A job that does not fit is refused while it is validated.
    const startsAt = now + (isFull ? length : pendsMs);
    const endsAt = plan === 'stuck' ? this.#stuckUntil() : now + pendsMs + length;
    const rows = customIds.flatMap((id, index) =>
      rowOf(plan, id, life ? alternating(index) : random),
    );
    const isOdd = this.#schedule.hasOddJobs;
    const output = isOdd ? drawOutputFault(this.#chance) : undefined;
    const job: SimulatedJob = {
      id: `job-${this.jobs.length + 1}`,
      key,
      batchId,
      createdAt: now,
      customIds,
      plan,
      refusal: isFull && quota ? quotaReason(quota) : undefined,
      startsAt,
      endsAt,
      cancelled: false,
      cancels: 0,
      outputDeleted: false,
      blind: isOdd ? blindTime(now, endsAt, this.#chance) : undefined,
      output,
      rows: isOdd ? withBrokenRows(withLostRows(rows, output), this.#chance) : new Map(rows),
    };
    this.#observer.onJob(job);
    this.#observer.onUploadTaken(upload, job);
    upload.job = job;
    this.jobs.push(job);
    return job;
  }

  #plan(): JobPlan {
    const { random, isCalm, life } = this.#schedule;
    if (life) return life.plans?.[this.jobs.length] ?? 'completed';
    return isCalm ? 'completed' : drawPlan(random);
  }

  /** A job with a hidden key must end some time, or nobody could find out whose it is. */
  #stuckUntil(): number {
    return this.#kind.hidesKeys ? this.#schedule.now + 24 * HOUR : Number.POSITIVE_INFINITY;
  }

  /** Until when the job's status shows nothing new. */
  newsOf(jobId: string): number | undefined {
    const job = this.jobs.find(({ id }) => id === jobId);
    if (!job?.blind) return job?.endsAt;
    const { from, until } = job.blind;
    return job.endsAt >= from && job.endsAt < until ? until : job.endsAt;
  }

  #state(job: SimulatedJob): JobState {
    const { now } = this.#schedule;
    if (job.blind && now >= job.blind.from && now < job.blind.until)
      return { state: 'unknown', status: 'unreadable' };
    if (now < job.startsAt && this.isLive(job)) return { state: 'running', isPending: true };
    if (this.isLive(job)) return { state: 'running' };
    const outcome = outcomeOf(job);
    const answered = answersOf(job);
    const isLate = outcome.kind === 'completed' && now < job.endsAt + (job.output?.lateMs ?? 0);
    const files = job.rows.size > 0 && !(isLate && answered > 0) ? [job.id] : [];
    const counted = job.output && answered > 0 ? { answered } : {};
    return { state: 'ended', outcome: { ...outcome, ...counted, jobId: job.id, files } };
  }

  #listing(job: SimulatedJob): ListedJob {
    const { id, createdAt, customIds } = job;
    return this.#kind.hidesKeys && this.isLive(job)
      ? { id, createdAt, key: undefined, hiddenRequests: customIds.length }
      : { id, createdAt, key: job.key };
  }

  provider(process: Process): Provider {
    const schedule = this.#schedule;
    const observer = this.#observer;
    const { random } = schedule;
    // The timeout includes the client's own retries.
    const call = async <T>(what: string, effect: () => T): Promise<T> => {
      try {
        return await process.call(what, effect, { timeoutMs: 120_000, slowMs: 180_000 });
      } catch (error) {
        throw passing(error);
      }
    };
    const deleteUpload = (upload: SimulatedUpload) =>
      call(`delete the upload of ${upload.key}`, () => {
        observer.onUploadDeleted(upload);
        upload.deleted = true;
      });
    const find = (jobId: string) => {
      const job = this.jobs.find(({ id }) => id === jobId);
      if (job) return job;
      throw failure('missing');
    };
    const listedState = (job: SimulatedJob): ListedState => ({
      jobId: job.id,
      state: random.chance(schedule.faults.refused)
        ? { state: 'unknown', status: 'weird' }
        : this.#state(job),
    });
    return {
      limits: {
        maxInFlight: MAX_IN_FLIGHT,
        maxEnqueuedTokens: 1_000_000,
        maxRequests: this.#kind.maxRequests,
        maxBytes: 1_000_000,
      },
      endpoints: ['/v1/embeddings'],
      checkOptions: () => {},
      submit: async ({ key, batchId, file, createDeadlineMs }) => {
        const lines = Buffer.from(await file.read(0, file.bytes)).toString();
        const upload = { key, createdAt: schedule.now, job: undefined, deleted: false };
        // An upload of a killed process takes effect only as long as its lease allows for.
        const landsUntil = process.deadline + LANDS_WITHIN_MS;
        const land = () => {
          if (schedule.now <= landsUntil) this.uploads.push(upload);
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
          const odd = random.chance(schedule.faults.refused)
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
          job.cancels += 1;
          job.endsAt = Math.min(job.endsAt, schedule.now + random.between(0, 600_000));
          this.#observer.onJobCancelled(job);
        }),
      listJobs: (since, position) =>
        this.#kind.hasNoList
          ? noList(call)
          : listed(this.jobs, since, call, (job) => this.#listing(job), position),
      listStates: () => listed(this.jobs, 0, call, listedState),
      listStatesAfter: (jobId) => listed(this.jobs, 0, call, listedState, { cursor: jobId }),
      readRows: ({ files }) => rowsOf(files.map(find), call),
      deleteFiles: async (jobId) => {
        const job = await call(`look up ${jobId}`, () => this.jobs.find(({ id }) => id === jobId));
        if (!job) return;
        for (const upload of this.uploads) if (upload.job === job) await deleteUpload(upload);
        await call(`delete the output of ${jobId}`, () => {
          observer.onOutputDeleted(job);
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
    const { random, isCalm, life, now } = this.#schedule;
    if (life) return life.creates?.[this.#creates++];
    const { blocked } = this.#kind;
    if (blocked && now >= blocked.from && now < blocked.until) {
      this.refusedJobs += 1;
      return 'account';
    }
    if (isCalm || !random.chance(0.08)) return undefined;
    return random.weighted({ quota: 6, account: 1, permanent: 1 });
  }
}

function passing(error: unknown): unknown {
  return error instanceof Refused || error instanceof LostReply ? failure('transient') : error;
}
