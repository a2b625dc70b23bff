import type { ProcessorEvent } from '../../shared/batch/contracts.ts';
import { TRANSITIONS } from '../../shared/batch/lifecycle/transitions.ts';
import { rootBatchId } from '../../shared/batch/newRecord.ts';
import { DEFAULT_POLICY } from '../../shared/batch/policy.ts';
import type { Batch, BatchFields, Rows } from '../../shared/batch/record.ts';
import { isEnded } from '../../shared/batch/status.ts';
import { checkCollected, collectedIds } from './collected.ts';
import type { Process } from './process.ts';
import type { Simulation } from './simulation.ts';
import type { SimulatedJob, SimulatedUpload } from './world/provider.ts';

/** After so long without an outcome an invocation may count as lost. */
const OUTCOME_MS =
  (DEFAULT_POLICY.invocationAgeSeconds + DEFAULT_POLICY.processorTimeoutSeconds) * 1000;

/** The words for what must not happen; each is 0 in every run. */
export type Verdict = 'lost' | 'unexpected' | 'duplicated' | 'violation';

/** What is promised, checked at every step and at the end. */
export class Invariants {
  readonly #simulation: Simulation;
  readonly #expected = new Map<string, readonly string[]>();
  readonly #broken: string[] = [];
  readonly #commands = new Map<string, number>();
  readonly #invocations = new Map<string, { attempt: number; hasEnded: boolean; lostAt: number }>();
  #sweeper: Process | undefined;

  constructor(simulation: Simulation) {
    this.#simulation = simulation;
  }

  expect(batchId: string, customIds: readonly string[]): void {
    this.#expected.set(batchId, customIds);
  }

  #break(verdict: Verdict, what: string): void {
    this.#simulation.trace(() => `!!! ${verdict}: ${what}`);
    this.#broken.push(`${verdict}: ${what}`);
  }

  onWrite(next: Batch, previous: Batch | undefined): void {
    const { batchId, counts, input }: BatchFields = next;
    const collected = previous ? undefined : collectedIds(this.#simulation, rootBatchId(batchId));
    if (collected) this.expect(rootBatchId(batchId), collected);
    if (!this.#expected.has(rootBatchId(batchId)))
      this.#break('unexpected', `a record of ${batchId}`);
    if (counts.succeeded + counts.failed + counts.unfinished !== counts.total) {
      this.#break(
        'violation',
        `the ledger of ${batchId} does not add up: ${JSON.stringify(counts)}`,
      );
    }
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
    const misstart = this.#simulation.pauses.brokenBy(next, previous);
    if (misstart) this.#break('violation', misstart);
    const allowed = Object.values(TRANSITIONS[previous.status]).flat();
    if (!allowed.includes(next.status)) {
      this.#break('violation', `${batchId} goes from ${previous.status} to ${next.status}`);
    }
    // Of a batch in parts each part is checked.
    if (!input?.parts && next.attempt - next.attemptBase > 5)
      this.#break('violation', `${batchId} has too many attempts`);
  }

  /** Called as a sweep begins: two at once would double every call to the provider. */
  onSweep(process: Process): void {
    const other = this.#sweeper;
    const mayOverlap = this.#simulation.guards.overlappingSweeps;
    if (!mayOverlap && other?.alive && other !== process)
      this.#break('violation', `${process.name} and ${other.name} sweep at once`);
    this.#sweeper = process;
  }

  /** Called when a writer takes its own write, which stands, for somebody else's. */
  onDisowned({ batchId, version }: Batch): void {
    this.#break(
      'violation',
      `${batchId}: the writer of version ${version} does not know its own write`,
    );
  }

  /** Called as the processor is invoked. */
  onInvocation(event: ProcessorEvent): void {
    const { batchId, deliveryId, deliveryAttempt } = event;
    const before = this.#invocations.get(deliveryId);
    const isNext = before !== undefined && before.attempt < deliveryAttempt;
    if (isNext && !before.hasEnded && this.#simulation.now < before.lostAt) {
      this.#break(
        'violation',
        `${batchId} is delivered again while attempt ${before.attempt} is under way`,
      );
    }
    if (before && !isNext) return;
    const lostAt = this.#simulation.now + OUTCOME_MS;
    this.#invocations.set(deliveryId, { attempt: deliveryAttempt, hasEnded: false, lostAt });
  }

  /** Called as an invocation of the processor ends. */
  onOutcome({ deliveryId, deliveryAttempt }: ProcessorEvent): void {
    const invocation = this.#invocations.get(deliveryId);
    if (invocation?.attempt === deliveryAttempt) invocation.hasEnded = true;
  }

  /** Called when so much happened that the schedule was broken off. */
  onRestless(): void {
    this.#break('violation', 'it does not come to rest');
  }

  onSweepOver(process: Process): void {
    if (this.#sweeper === process) this.#sweeper = undefined;
  }

  /** Called as the user sends a command that may make another delivery. */
  onCommand(batchId: string): void {
    this.#commands.set(batchId, (this.#commands.get(batchId) ?? 0) + 1);
  }

  /** Called as a job comes to exist at the provider. */
  onJob(job: SimulatedJob): void {
    const { batchId, key, customIds } = job;
    const { account } = this.#simulation;
    if (!this.#expected.has(rootBatchId(batchId)))
      this.#break('unexpected', `a job for ${batchId}`);
    for (const other of account.jobs.filter((earlier) => earlier.batchId === batchId)) {
      if (other.key === key && other.plan !== 'quota' && other.plan !== 'account') {
        this.#break('duplicated', `${job.id} has the key of ${other.id}`);
      } else if (account.isLive(other)) {
        this.#break('duplicated', `${job.id} is created while ${other.id} runs`);
      }
      const again = customIds.filter((id) => other.rows.get(id) === 200);
      if (again.length > 0)
        this.#break('duplicated', `${again} succeeded in ${other.id} and runs again`);
    }
  }

  /** Called as a job is made of an upload. */
  onUploadTaken({ key, deleted }: SimulatedUpload, { id }: SimulatedJob): void {
    if (deleted) this.#break('violation', `the upload of ${key} is deleted before ${id} takes it`);
  }

  onUploadDeleted({ key, job }: SimulatedUpload): void {
    if (job && this.#isNeeded(job)) {
      this.#break('violation', `the upload of ${key} is deleted while ${job.id} is needed`);
    }
  }

  onOutputDeleted(job: SimulatedJob): void {
    if (this.#isNeeded(job)) {
      this.#break('violation', `the output of ${job.id} is deleted before it is in the bucket`);
    }
  }

  /** Whether it still runs, or gave results that the record's rows do not hold. */
  #isNeeded(job: SimulatedJob): boolean {
    const { table, account } = this.#simulation;
    if (account.isLive(job)) return true;
    const { rows }: Partial<BatchFields> = table.get(job.batchId) ?? {};
    const results = rows?.results;
    const origins = new Set(results && this.#rows(results).map((row) => row.id));
    return [...job.rows].some(([id, code]) => code === 200 && !origins.has(`${job.id}/${id}`));
  }

  atTheEnd(): readonly string[] {
    const { table, account } = this.#simulation;
    for (const [batchId, customIds] of this.#expected) {
      const batch = table.get(batchId);
      if (batch) this.#checkBatch(batch, customIds);
      else if (!this.#isDead(batchId)) this.#break('lost', `${batchId} was never taken in`);
    }
    for (const part of table.all().filter(({ part }) => part !== undefined)) {
      if (!this.#simulation.isSettled(part))
        this.#break('lost', `${part.batchId} has not ended: ${part.status}`);
    }
    const pause = this.#simulation.pauses.brokenAtTheEnd();
    if (pause) this.#break('violation', pause);
    for (const job of account.jobs.filter((each) => account.isLive(each))) {
      this.#break('violation', `${job.id} was left running`);
    }
    for (const { key, job, deleted } of account.uploads) {
      if (!deleted) this.#break('violation', `the upload of ${job?.id ?? key} was left behind`);
    }
    for (const { id, rows, outputDeleted } of account.jobs) {
      if (rows.size > 0 && !outputDeleted) {
        this.#break('violation', `the output of ${id} was left behind`);
      }
    }
    const { collecting } = this.#simulation;
    if (collecting)
      checkCollected(this.#simulation, collecting, (verdict, what) => this.#break(verdict, what));
    return this.#broken;
  }

  /** A message that was given up lies in a dead-letter queue: it is not lost. */
  #isDead(batchId: string): boolean {
    const { deadLetters } = this.#simulation;
    const dead = [...deadLetters, ...this.#simulation.deadMessages()];
    return dead.some(({ body }) => JSON.parse(body).batchId === batchId);
  }

  #checkBatch(batch: Batch, customIds: readonly string[]): void {
    const { batchId, status, rows, dueAt }: BatchFields = batch;
    if (!this.#simulation.isSettled(batch)) {
      this.#break('lost', `${batchId} has not ended: ${status}, due ${dueAt}`);
      return;
    }
    if (
      !this.#simulation.announced.some((change) => change.batchId === batchId && isEnded(change.to))
    ) {
      this.#break('lost', `the end of ${batchId} was never announced`);
    }
    if (rows) this.#checkRows(batch, rows, customIds);
    else if (status === 'completed')
      this.#break('violation', `${batchId} is completed without rows`);
    this.#checkDeliveries(batch);
  }

  #checkRows(batch: Batch, rows: Rows, customIds: readonly string[]): void {
    const { batchId } = batch;
    const results = this.#rows(rows.results);
    const errors = this.#rows(rows.errors);
    const ids = [...results, ...errors].map((row) => row.custom_id).sort();
    if (ids.join() !== [...customIds].sort().join()) {
      this.#break('violation', `the rows of ${batchId} are of ${ids}, not of ${customIds}`);
    }
    if (results.length !== batch.counts.succeeded) this.#break('violation', `${batchId} miscounts`);
    const { jobs } = this.#simulation.account;
    for (const { custom_id: id, id: origin } of results) {
      const job = jobs.find((each) => `${each.id}/${id}` === origin);
      if (job?.rows.get(id) !== 200)
        this.#break('unexpected', `a result of ${id} that no job gave`);
    }
    const done = new Set(results.map((row) => row.custom_id));
    for (const job of jobs.filter((each) => rootBatchId(each.batchId) === batchId)) {
      const missed = [...job.rows].filter(([id, code]) => code === 200 && !done.has(id));
      if (missed.length > 0)
        this.#break('lost', `the results of ${job.id} for ${missed.map(([id]) => id)}`);
    }
  }

  #checkDeliveries({ batchId, status, keyPrefix }: Batch): void {
    const { runs } = this.#simulation.processor;
    const delivered = [...runs.values()].flat().filter((event) => event.batchId === batchId);
    if (status === 'completed' && delivered.length === 0) {
      this.#break('lost', `${batchId} is completed and was never processed`);
    }
    const ids = new Set(delivered.map((event) => event.deliveryId));
    if (ids.size > 1 + (this.#commands.get(batchId) ?? 0)) {
      this.#break('duplicated', `${batchId} is delivered under ${ids.size} ids`);
    }
    for (const { deliveryId, deliveryAttempt } of delivered) {
      if (!deliveryId.startsWith(keyPrefix)) this.#break('unexpected', `a delivery of ${batchId}`);
      if (deliveryAttempt > 5) this.#break('violation', `${batchId} is delivered too often`);
    }
  }

  #rows(key: string): { custom_id: string; id: string }[] {
    return this.#simulation.bucket
      .text(key)
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  }
}
