import type { Batch } from '../../shared/batch/batch.ts';
import { TRANSITIONS } from '../../shared/batch/lifecycle/transitions.ts';
import { isEnded } from '../../shared/batch/status.ts';
import type { Process } from './process.ts';
import type { Simulation } from './simulation.ts';
import type { SimulatedJob } from './world/provider.ts';

/** The words for what must not happen; each is 0 in every run. */
export type Verdict = 'lost' | 'unexpected' | 'duplicated' | 'violation';

/** What is promised, checked at every step and at the end. */
export class Invariants {
  readonly #simulation: Simulation;
  readonly #expected = new Map<string, readonly string[]>();
  readonly #broken: string[] = [];
  readonly #commands = new Map<string, number>();
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
    const { batchId, counts } = next;
    if (!this.#expected.has(batchId)) this.#break('unexpected', `a record of ${batchId}`);
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
    const allowed = Object.values(TRANSITIONS[previous.status]).flat();
    if (!allowed.includes(next.status)) {
      this.#break('violation', `${batchId} goes from ${previous.status} to ${next.status}`);
    }
    if (next.attempt - next.attemptBase > 5)
      this.#break('violation', `${batchId} has too many attempts`);
  }

  /** Called as a sweep begins: two at once would double every call to the provider. */
  onSweep(process: Process): void {
    const other = this.#sweeper;
    if (other?.alive && other !== process)
      this.#break('violation', `${process.name} and ${other.name} sweep at once`);
    this.#sweeper = process;
  }

  /** Called as the user sends a command that may make another delivery. */
  onCommand(batchId: string): void {
    this.#commands.set(batchId, (this.#commands.get(batchId) ?? 0) + 1);
  }

  /** Called as a job comes to exist at the provider. */
  onJob(job: SimulatedJob): void {
    const { batchId, key, customIds } = job;
    const { account } = this.#simulation;
    if (!this.#expected.has(batchId)) this.#break('unexpected', `a job for ${batchId}`);
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

  atTheEnd(): readonly string[] {
    const { table, account } = this.#simulation;
    for (const [batchId, customIds] of this.#expected) {
      const batch = table.get(batchId);
      if (batch) this.#checkBatch(batch, customIds);
      else if (!this.#isDead(batchId)) this.#break('lost', `${batchId} was never taken in`);
    }
    for (const job of account.jobs.filter((each) => account.isLive(each))) {
      this.#break('violation', `${job.id} was left running`);
    }
    return this.#broken;
  }

  /** A message that was given up lies in a dead-letter queue: it is not lost. */
  #isDead(batchId: string): boolean {
    const { deadLetters } = this.#simulation;
    const dead = [...deadLetters, ...this.#simulation.deadMessages()];
    return dead.some(({ body }) => JSON.parse(body).batchId === batchId);
  }

  #checkBatch(batch: Batch, customIds: readonly string[]): void {
    const { batchId, status, rows } = batch;
    if (!this.#simulation.isSettled(batch)) {
      this.#break('lost', `${batchId} has not ended: ${status}, due ${batch.dueAt}`);
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

  #checkRows(batch: Batch, rows: NonNullable<Batch['rows']>, customIds: readonly string[]): void {
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
    for (const job of jobs.filter((each) => each.batchId === batchId)) {
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
