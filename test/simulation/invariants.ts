import type { ProcessorEvent } from '../../shared/batch/contracts.ts';
import { fileIdOfKey } from '../../shared/batch/ids.ts';
import { TRANSITIONS } from '../../shared/batch/lifecycle/transitions.ts';
import { rootBatchId } from '../../shared/batch/newRecord.ts';
import { DEFAULT_POLICY } from '../../shared/batch/policy.ts';
import type { Batch, BatchFields } from '../../shared/batch/record.ts';
import { isEnded } from '../../shared/batch/status.ts';
import { Cancels } from './cancels.ts';
import { collectedIds } from './collected.ts';
import { brokenBounds, NO_FIGURES } from './figures.ts';
import { checkBatch, checkEnd, rowsIn, type SimulatedWorld } from './finalChecks.ts';
import type { SimulatedJob, SimulatedUpload } from './observer.ts';
import type { Process } from './process.ts';
import type { Verdict } from './verdict.ts';
import { HUNG_ENTRY } from './world/hungProvider.ts';

/** An invocation without an outcome counts as lost after this time. */
const OUTCOME_MS =
  (DEFAULT_POLICY.invocationAgeSeconds + DEFAULT_POLICY.processorTimeoutSeconds) * 1000;

/** Checks what is promised, at every step and at the end. */
export class Invariants {
  readonly #world: SimulatedWorld;
  readonly #expected = new Map<string, readonly string[]>();
  readonly #broken: string[] = [];
  #endToNoticeMs = 0;
  readonly #cancels = new Cancels();
  /** The worst of what has a bound. Complete at the end. */
  figures = NO_FIGURES;
  readonly #commands = new Map<string, number>();
  readonly #invocations = new Map<string, { attempt: number; hasEnded: boolean; lostAt: number }>();
  /** By shard. */
  readonly #sweepers = new Map<number | undefined, Process>();

  constructor(world: SimulatedWorld) {
    this.#world = world;
  }

  expect(batchId: string, customIds: readonly string[]): void {
    this.#expected.set(batchId, customIds);
  }

  #break(verdict: Verdict, what: string): void {
    this.#world.schedule.trace(() => `!!! ${verdict}: ${what}`);
    this.#broken.push(`${verdict}: ${what}`);
  }

  onWrite(next: Batch, previous: Batch | undefined): void {
    const { batchId, counts, input }: BatchFields = next;
    const made = previous ? undefined : this.#requestsOf(next);
    if (made) this.expect(rootBatchId(batchId), made);
    if (!this.#expected.has(rootBatchId(batchId)))
      this.#break('unexpected', `a record of ${batchId}`);
    if (counts.succeeded + counts.failed + counts.unfinished !== counts.total) {
      this.#break(
        'violation',
        `the ledger of ${batchId} does not add up: ${JSON.stringify(counts)}`,
      );
    }
    if (!isEnded(next.status) && next.inputExpiredAt !== undefined)
      this.#break('violation', `${batchId} is ${next.status}, and its input has expired`);
    if (!previous) return;
    if (next.version !== previous.version + 1) {
      this.#break(
        'violation',
        `${batchId} goes from version ${previous.version} to ${next.version}`,
      );
    }
    if (next.submission < previous.submission) this.#break('violation', `${batchId} reuses a key`);
    if (counts.succeeded < previous.counts.succeeded) {
      this.#break(
        'violation',
        `${batchId} loses results: ${previous.counts.succeeded} to ${counts.succeeded}`,
      );
    }
    this.#noteNotice(next, previous);
    this.#cancels.onWrite(this.#world.schedule.now, next, previous);
    const misstart = this.#world.pauses.brokenBy(next, previous);
    if (misstart) this.#break('violation', misstart);
    const allowed = Object.values(TRANSITIONS[previous.status]).flat();
    if (!allowed.includes(next.status)) {
      this.#break('violation', `${batchId} goes from ${previous.status} to ${next.status}`);
    }
    // The attempts of a batch in parts are those of its parts.
    if (!input?.parts && next.attempt - next.attemptBase > 5)
      this.#break('violation', `${batchId} has too many attempts`);
  }

  /** The requests of a batch that no message of a user has added. */
  #requestsOf(batch: Batch): readonly string[] | undefined {
    const world = this.#world;
    return collectedIds(world, rootBatchId(batch.batchId)) ?? world.http?.requestsOf(batch);
  }

  #noteNotice(next: Batch, previous: Batch): void {
    if (previous.status !== 'running' || next.status === 'running') return;
    if (previous.provider === HUNG_ENTRY) return;
    const { account, schedule } = this.#world;
    const shownAt = account.newsOf(previous.job.id);
    if (shownAt === undefined) return;
    this.#endToNoticeMs = Math.max(this.#endToNoticeMs, schedule.now - shownAt);
  }

  /** Two sweeps at once would double every call to the provider. */
  onSweep(process: Process, shard: number | undefined): void {
    const other = this.#sweepers.get(shard);
    const mayOverlap = this.#world.schedule.guards.overlappingSweeps;
    if (!mayOverlap && other?.alive && other !== process)
      this.#break('violation', `${process.name} and ${other.name} sweep at once`);
    this.#sweepers.set(shard, process);
  }

  /** A writer took its own write, which stands, for another writer's. */
  onDisowned({ batchId, version }: Batch): void {
    this.#break(
      'violation',
      `${batchId}: the writer of version ${version} does not know its own write`,
    );
  }

  onUnwritable({ batchId, version, status }: Batch, error: unknown): void {
    this.#break('violation', `${batchId} v${version} ${status}: ${String(error)}`);
  }

  /** Called before the table removes a record whose retention is over: it will be missing at the end. */
  onExpired(batch: Batch): void {
    const { batchId, part } = batch;
    if (part && this.#world.table.get(part.parentId))
      this.#break('violation', `${batchId} is removed before its batch is`);
    const customIds = this.#expected.get(batchId);
    if (!customIds) return;
    const commands = this.#commands.get(batchId) ?? 0;
    checkBatch(this.#world, batch, { customIds, commands }, (...broken) => this.#break(...broken));
  }

  /** Called as the processor is invoked. */
  onInvocation(event: ProcessorEvent): void {
    const { batchId, deliveryId, deliveryAttempt } = event;
    const before = this.#invocations.get(deliveryId);
    const isNext = before !== undefined && before.attempt < deliveryAttempt;
    if (isNext && !before.hasEnded && this.#world.schedule.now < before.lostAt) {
      this.#break(
        'violation',
        `${batchId} is delivered again while attempt ${before.attempt} is under way`,
      );
    }
    if (before && !isNext) return;
    const lostAt = this.#world.schedule.now + OUTCOME_MS;
    this.#invocations.set(deliveryId, { attempt: deliveryAttempt, hasEnded: false, lostAt });
  }

  /** Called as an invocation of the processor ends. */
  onOutcome({ deliveryId, deliveryAttempt }: ProcessorEvent): void {
    const invocation = this.#invocations.get(deliveryId);
    if (invocation?.attempt === deliveryAttempt) invocation.hasEnded = true;
  }

  /** The schedule was given up after too many events. */
  onRestless(): void {
    this.#break('violation', 'it does not come to rest');
  }

  onSweepOver(process: Process, shard: number | undefined): void {
    if (this.#sweepers.get(shard) === process) this.#sweepers.delete(shard);
  }

  /** The user sends a command that may cause another delivery. */
  onCommand(batchId: string): void {
    this.#commands.set(batchId, (this.#commands.get(batchId) ?? 0) + 1);
  }

  /** No second job under a key, no second running job, and no request twice that has succeeded. */
  onJob(job: SimulatedJob): void {
    const { batchId, key, customIds } = job;
    const { account } = this.#world;
    if (!this.#expected.has(rootBatchId(batchId)))
      this.#break('unexpected', `a job for ${batchId}`);
    if (this.#world.schedule.accountKind.hasNoList)
      this.#break('violation', `${job.id} is created where no list could show it`);
    const late = this.#cancels.brokenBy(job);
    if (late) this.#break('violation', late);
    for (const other of account.jobs.filter((earlier) => earlier.batchId === batchId)) {
      if (other.key === key && other.plan !== 'quota' && other.plan !== 'account') {
        this.#break('duplicated', `${job.id} has the key of ${other.id}`);
      } else if (account.isLive(other)) {
        this.#break('duplicated', `${job.id} is created while ${other.id} runs`);
      }
      const unread = customIds.filter((id) => (other.rows.get(id) ?? 0) < 0);
      if (unread.length > 0 && !this.#isRetried(batchId))
        this.#break('duplicated', `the answers to ${unread} cannot be read, and they run again`);
      const again = customIds.filter((id) => other.rows.get(id) === 200);
      if (again.length > 0)
        this.#break('duplicated', `${again} succeeded in ${other.id} and runs again`);
    }
  }

  #isRetried(batchId: string): boolean {
    return this.#world.table.get(rootBatchId(batchId))?.retries !== 0;
  }

  /** Called before an object is removed from the bucket: nothing may need it any more. */
  onObjectRemoved(key: string): void {
    if (fileIdOfKey(key) !== undefined) return;
    const { table, schedule } = this.#world;
    for (const batch of table.all()) {
      const { batchId, status, input, spec, part, endedAt = 0 }: BatchFields = batch;
      if (![input?.key, input?.ids?.key, spec.source.key].includes(key)) continue;
      const keptUntil = part ? 0 : endedAt + schedule.tableKind.inputRetentionMs;
      if (!isEnded(status) || schedule.now < keptUntil)
        this.#break('violation', `${key} is removed, and ${batchId}, ${status}, may need it`);
    }
  }

  /** Called as a job is made of an upload. */
  onUploadTaken({ key, deleted }: SimulatedUpload, { id }: SimulatedJob): void {
    if (deleted) this.#break('violation', `the upload of ${key} is deleted before ${id} takes it`);
  }

  onUploadDeleted({ key, job }: SimulatedUpload): void {
    // What is missing of its output cannot be had from its upload.
    if (job && job.output === undefined && this.#isNeeded(job)) {
      this.#break('violation', `the upload of ${key} is deleted while ${job.id} is needed`);
    }
  }

  onOutputDeleted(job: SimulatedJob): void {
    if (this.#isNeeded(job)) {
      this.#break('violation', `the output of ${job.id} is deleted before it is in the bucket`);
    }
    if ([...job.rows.values()].some((code) => code < 0))
      this.#break('violation', `the output of ${job.id} is deleted, which could not be read whole`);
  }

  /** A job that only waits at its provider has not stalled. */
  onJobCancelled({ id, batchId, startsAt }: SimulatedJob): void {
    const { schedule, table } = this.#world;
    const batch = table.get(batchId);
    if (schedule.now >= startsAt || batch?.status !== 'running' || batch.job.id !== id) return;
    if (!batch.cancelRequested && schedule.now < batch.deadlineAt)
      this.#break('violation', `${id} is cancelled while it waits at its provider`);
  }

  /** Whether the job still runs, or has results that are not among the record's rows. */
  #isNeeded(job: SimulatedJob): boolean {
    const { table, account } = this.#world;
    if (account.isLive(job)) return true;
    const { rows }: Partial<BatchFields> = table.get(job.batchId) ?? {};
    const results = rows?.results;
    const origins = new Set(results && rowsIn(this.#world.bucket, results).map((row) => row.id));
    return [...job.rows].some(([id, code]) => code === 200 && !origins.has(`${job.id}/${id}`));
  }

  /** Checks what is promised for the end, and gives everything that was broken. */
  atTheEnd(): readonly string[] {
    const promised = { customIds: this.#expected, commands: this.#commands };
    checkEnd(this.#world, promised, (verdict, what) => this.#break(verdict, what));
    const { schedule, account } = this.#world;
    const longest = this.#cancels.longest(account.jobs);
    this.figures = {
      cancelToEndMs: schedule.accountKind.hidesKeys ? 0 : longest,
      hiddenCancelToEndMs: schedule.accountKind.hidesKeys ? longest : 0,
      endToNoticeMs: this.#endToNoticeMs,
      refusedJobs: account.refusedJobs,
      sameFailures: schedule.sameFailures.worst,
    };
    for (const what of brokenBounds(this.figures)) this.#break('violation', what);
    return this.#broken;
  }
}
