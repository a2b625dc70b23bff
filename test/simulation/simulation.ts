import type { StateChange } from '../../shared/batch/contracts.ts';
import { UNPRICED } from '../../shared/batch/cost.ts';
import { needsRetry, partId } from '../../shared/batch/newRecord.ts';
import { DEFAULT_POLICY } from '../../shared/batch/policy.ts';
import type { Batch, BatchFields, BatchIn } from '../../shared/batch/record.ts';
import { isEnded } from '../../shared/batch/status.ts';
import { dueAtOf } from '../../shared/collector/lane.ts';
import type { Providers } from '../../shared/providers/provider.ts';
import { isPaused } from '../../shared/quota/providerState.ts';
import type { Dependencies } from '../../shared/usecases/dependencies.ts';
import { intake } from '../../shared/usecases/intake/intake.ts';
import { recordDeliveryOutcome } from '../../shared/usecases/outcome.ts';
import { checkJob } from '../../shared/usecases/sweep/check.ts';
import { sweep } from '../../shared/usecases/sweep/sweep.ts';
import { parseWorkMessage, runWork } from '../../shared/usecases/work/work.ts';
import { MemoryBucket } from '../../simulators/memory/bucket.ts';
import { memoryScratch } from '../../simulators/memory/scratch.ts';
import { fakeTokens } from '../support/fakes/fakeTokens.ts';
import { Collecting } from './collecting.ts';
import { CALM, type Faults, faultsOf } from './faults.ts';
import { hintsOf } from './hints.ts';
import { Invariants } from './invariants.ts';
import { Pauses } from './pauses.ts';
import { Process, retried } from './process.ts';
import { Random } from './random.ts';
import { Timeline } from './timeline.ts';
import { bucketPort } from './world/bucket.ts';
import { ProcessorFunction } from './world/processor.ts';
import { ProviderAccount, type SimulatedJob } from './world/provider.ts';
import { type Message, Queue } from './world/queue.ts';
import { Table } from './world/table.ts';

const START = 1_800_000_000_000;
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** Nothing goes wrong after this: the promises for the end are asked for. */
const STORM_MS = 3 * DAY;
/** A command on the last stormy day, the maximum age, a day of grace, two more for parts, and time to deliver. */
const BOUND_MS = STORM_MS + DEFAULT_POLICY.maxAgeSeconds * 1000 + 5 * DAY;

const TIMEOUTS_MS = {
  intake: MINUTE,
  sweeper: 5 * MINUTE,
  worker: 15 * MINUTE,
  outcome: MINUTE,
  listener: MINUTE / 2,
  collector: 5 * MINUTE,
};
type FunctionName = keyof typeof TIMEOUTS_MS;

/** Schedules in which requests are sent singly, too. */
const COLLECTING_SHARE = 0.06;

/** What the fakes themselves guard, for showing that a missing guard is noticed. */
export interface Guards {
  readonly ownToken: boolean;
  readonly version: boolean;
  readonly sweepLock: boolean;
  /** Of the collector's lanes. Default: true. */
  readonly laneVersion?: boolean;
  /** Without the lock, and without calling that a fault. */
  readonly overlappingSweeps?: boolean;
  /** Requests are sent singly in every schedule, not only in some. */
  readonly collecting?: boolean;
  /** Default: a minute, the shortest that AWS can be asked for. The local run sweeps far more often. */
  readonly sweepIntervalMs?: number;
}
export const ALL_GUARDS: Guards = { ownToken: true, version: true, sweepLock: true };

/** The whole system on virtual time, for one seed. */
export class Simulation {
  readonly random: Random;
  readonly timeline = new Timeline(START);
  readonly guards: Guards;
  readonly table: Table;
  readonly bucket = new MemoryBucket('bucket');
  readonly account: ProviderAccount;
  readonly invariants = new Invariants(this);
  readonly pauses = new Pauses(this);
  readonly announced: StateChange[] = [];
  readonly deadLetters: { readonly body: string; readonly reason: string }[] = [];
  readonly lines: string[] | undefined;
  faultCount = 0;
  readonly #stormy: Faults;
  readonly #queues: { readonly batch: Queue; readonly work: Queue; readonly outcome: Queue };
  readonly processor: ProcessorFunction;
  /** In some schedules. */
  readonly collecting: Collecting | undefined;
  #serial = 0;
  #processes = 0;
  /** When the next tick comes, if one is planned. */
  #tickAt = Number.POSITIVE_INFINITY;

  constructor(seed: number, guards: Guards = ALL_GUARDS, traced = false) {
    this.random = new Random(seed);
    this.guards = guards;
    this.table = new Table(this);
    this.lines = traced ? [] : undefined;
    this.account = new ProviderAccount(this, {
      hidesKeys: this.random.chance(0.3),
      maxRequests: this.random.pick([1_000, 1_000, 1_000, 2]),
    });
    this.#stormy = faultsOf(this.random.pick([0, 0.5, 1, 1, 2, 4]));
    const queue = (
      name: FunctionName,
      handle: (
        dependencies: Dependencies,
        message: Message,
        receives: number,
        deadline: number,
      ) => Promise<void>,
    ) =>
      new Queue(this, name, TIMEOUTS_MS[name], (message, receives, done, failed) =>
        this.#invoke(
          name,
          (dependencies, deadline) => handle(dependencies, message, receives, deadline),
          done,
          failed,
        ),
      );
    this.#queues = {
      batch: queue('intake', (dependencies, { body, id, sentAt }, receiveCount) =>
        intake(dependencies, { body, messageId: id, sentAt, receiveCount }),
      ),
      work: queue('worker', (dependencies, { body }, _receives, deadline) =>
        runWork(dependencies, parseWorkMessage(body), deadline),
      ),
      outcome: queue('outcome', (dependencies, { body }) =>
        recordDeliveryOutcome(dependencies, body),
      ),
    };
    this.processor = new ProcessorFunction(this, this.#queues.outcome);
    // By chance of its own: the other schedules are what they would be without.
    const share = guards.collecting ? 1 : COLLECTING_SHARE;
    if (!new Random(seed + 2 ** 40).chance(share)) return;
    this.collecting = new Collecting(this, TIMEOUTS_MS.collector, (handle, done, failed) =>
      this.#invoke('collector', handle, done, failed),
    );
  }

  get now(): number {
    return this.timeline.now;
  }

  get isCalm(): boolean {
    return this.now > START + STORM_MS;
  }

  get faults(): Faults {
    return this.isCalm ? CALM : this.#stormy;
  }

  token(): string {
    return `t${this.#serial++}`;
  }

  countFault(): void {
    this.faultCount += 1;
  }

  /** How far an index is behind, as of this read. */
  indexLagMs(): number {
    const { random, faults } = this;
    return random.chance(faults.staleIndex) ? random.between(0, 90_000) : 0;
  }

  trace(line: () => string): void {
    this.lines?.push(`${((this.now - START) / 1000).toFixed(3).padStart(12)}s  ${line()}`);
  }

  onWrite(next: Batch, previous: Batch | undefined): void {
    const root = next.part && this.table.get(next.part.parentId);
    for (const batch of root ? [next, root] : [next]) this.#tickFor(batch);
    this.invariants.onWrite(next, previous);
  }

  /** Sees to a tick when the record wants one, if none comes before. */
  #tickFor(batch: Batch): void {
    const wanted = this.isSettled(batch) ? undefined : this.#interestOf(batch);
    if (wanted === undefined || wanted === Number.POSITIVE_INFINITY) return;
    this.wake(wanted);
  }

  /** Sees to a tick at that time, if none comes before. */
  wake(wanted: number): void {
    const at = Math.max(wanted, this.now) + this.random.between(0, MINUTE);
    if (at < this.#tickAt) this.#planTick(at);
  }

  #planTick(at: number): void {
    this.#tickAt = at;
    this.timeline.after(at - this.now, () => {
      // An earlier one was planned since, and has taken its place.
      if (this.#tickAt === at) this.#tick();
    });
  }

  onJob(job: SimulatedJob): void {
    this.invariants.onJob(job);
    if (!this.random.chance(this.faults.hint)) return;
    for (const { afterMs, jobId } of hintsOf(job, this.now, this.random))
      this.timeline.after(afterMs, () => this.#hint(jobId));
  }

  /** A provider says that a job has ended. */
  #hint(jobId: string): void {
    this.#invoke(
      'listener',
      (dependencies) => checkJob(dependencies, { provider: 'openai', jobId }).then(() => {}),
      () => {},
      () => {},
    );
  }

  /** Runs to the end, and gives what was broken on the way and is broken there. */
  async run(): Promise<readonly string[]> {
    this.#userAdds();
    this.collecting?.userSends();
    const cameToRest = await this.timeline.run(START + BOUND_MS);
    if (!cameToRest) this.invariants.onRestless();
    return this.invariants.atTheEnd();
  }

  #userAdds(): void {
    this.pauses.plan(this.#queues.batch);
    const batches = 1 + this.random.int(3);
    for (let index = 0; index < batches; index++) {
      const batchId = `b${index}`;
      const customIds = Array.from({ length: 1 + this.random.int(5) }, (_, n) => `${batchId}-${n}`);
      const line = (id: string) =>
        `{"custom_id":"${id}","method":"POST","url":"/v1/embeddings","body":{"model":"m"}}\n`;
      this.bucket.objects.set(
        `uploads/${batchId}.jsonl`,
        Buffer.from(customIds.map(line).join('')),
      );
      this.invariants.expect(batchId, customIds);
      this.timeline.after(this.random.between(0, 10 * MINUTE), () =>
        this.#queues.batch.send(JSON.stringify({ batchId })),
      );
      for (const action of ['cancel', 'retry', 'redeliver'] as const) {
        if (!this.random.chance(this.faults.command)) continue;
        const soon = this.random.chance(0.7) ? 2 * 60 * MINUTE : 2 * DAY;
        this.timeline.after(this.random.between(0, soon), () => {
          this.trace(() => `user: ${action} ${batchId}`);
          this.invariants.onCommand(batchId);
          this.#queues.batch.send(JSON.stringify({ action, batchId }));
        });
      }
    }
  }

  #tick(): void {
    const times = this.random.chance(this.faults.doubleTick) ? 2 : 1;
    for (let time = 0; time < times; time++) {
      this.#invoke(
        'sweeper',
        sweep,
        () => {},
        () => {},
      );
    }
    const next = this.#nextInterest();
    this.#tickAt = Number.POSITIVE_INFINITY;
    // All are settled: the next write of an open record starts the ticks again.
    if (next === undefined) return;
    const { sweepIntervalMs: interval = MINUTE } = this.guards;
    const skip = this.random.chance(0.8) ? next : this.now;
    this.#planTick(Math.max(this.now + interval, skip) + this.random.between(0, interval));
  }

  /** When the next sweep has anything to do: ticks in between would only cost time. */
  #nextInterest(): number | undefined {
    const lanes = this.collecting?.lanes.all() ?? [];
    const times = [
      ...this.table.all().flatMap((batch) => this.#interestOf(batch) ?? []),
      ...lanes.flatMap((lane) => dueAtOf(lane) ?? []),
    ];
    return times.length > 0 ? Math.min(...times) : undefined;
  }

  #interestOf(batch: Batch): number | undefined {
    const { account, table } = this;
    if (batch.status === 'queued') {
      const state = table.state(batch.provider);
      if (state && isPaused(state)) return this.now + 30 * MINUTE;
      const until = state?.hold?.until ?? this.now;
      // Full, or as full as has been learned: what makes room is the end of a job.
      const isFull = account.isFull() || (state?.ceilings !== undefined && account.isBusy());
      return isFull ? Math.max(until, account.nextEnd()) : until;
    }
    if (batch.status === 'split' && !this.#hasNewsOfParts(batch)) return undefined;
    if (batch.status === 'running' && !batch.cancelRequested) {
      const end = account.endOf(batch.job.id) ?? batch.deadlineAt;
      return Math.min(Math.max(end, this.now), batch.deadlineAt);
    }
    const { dueAt }: BatchFields = batch;
    return dueAt;
  }

  /** Whether the next sweep has anything to do for a batch that was split. */
  #hasNewsOfParts(batch: BatchIn<'split'>): boolean {
    const numbers = batch.input.parts.map((_, index) => index + 1);
    const parts = numbers.map((number) => this.table.get(partId(batch.batchId, number)));
    const open = parts.filter((part) => part && !isEnded(part.status));
    if (batch.cancelRequested)
      return open.length === 0 || open.some((part) => !part?.cancelRequested);
    return open.length === 0 || parts.some((part) => !part || needsRetry(part, batch));
  }

  #invoke(
    name: FunctionName,
    handle: (dependencies: Dependencies, deadline: number) => Promise<void>,
    done: () => void,
    failed: () => void,
  ): void {
    const process = new Process(this, `${name}-${++this.#processes}`, TIMEOUTS_MS[name], failed);
    handle(this.#dependencies(process), process.deadline).then(
      () => {
        if (!process.alive) return;
        process.end();
        done();
      },
      (error: unknown) => process.die(`throws ${String(error)}`),
    );
  }

  #dependencies(process: Process): Dependencies {
    const { random } = this;
    const provider = this.account.provider(process);
    const providers: Providers = {
      names: ['openai'],
      get: async () => provider,
      describe: async () => ({ ...provider, pricing: UNPRICED }),
    };
    const send = (queue: Queue, body: unknown, delaySeconds = 0) =>
      retried(() =>
        process.call(
          `send ${JSON.stringify(body)}`,
          () => queue.send(JSON.stringify(body), delaySeconds * 1000),
          {
            timeoutMs: 10_000,
          },
        ),
      );
    const log = (message: string, fields?: object) =>
      this.trace(() => `${process.name}:   ${message} ${JSON.stringify(fields ?? {})}`);
    return {
      // As few jobs as there are here may be listed too.
      policy: { ...DEFAULT_POLICY, listFrom: 2 },
      clock: { now: () => this.now },
      chance: {
        random: () => random.next(),
        randomInt: (max) => random.int(max),
        token: () => this.token(),
      },
      batches: this.table.batchStore(process),
      providerStates: this.table.providerStates(process),
      sweepLock: this.table.sweepLock(process),
      queues: {
        sendWork: (message) => send(this.#queues.work, message),
        sendBatch: (message, delaySeconds) => send(this.#queues.batch, message, delaySeconds),
        sendDeadLetter: (_queue, body, reason) =>
          retried(() =>
            process.call(`refuse: ${reason}`, () => void this.deadLetters.push({ body, reason })),
          ),
      },
      collector: this.collecting?.ports(process),
      objects: bucketPort(this.bucket, process),
      tableName: 'table',
      scratch: memoryScratch,
      tokens: fakeTokens,
      providers,
      processor: { invoke: (event) => this.processor.invoke(process, event) },
      bus: {
        publish: (change) =>
          retried(() =>
            process.call(
              `announce ${change.batchId} ${change.to}`,
              () => void this.announced.push(change),
            ),
          ),
      },
      log: { info: log, warn: log, error: log },
      metrics: { count: () => {}, measure: () => {} },
    };
  }

  /** Whether a batch has reached its end and owes nothing. */
  isSettled(batch: BatchFields): boolean {
    return isEnded(batch.status) && batch.dueAt === undefined;
  }

  /** Messages that SQS itself gave up on. */
  deadMessages(): Message[] {
    return [...this.#queues.batch.deadLetters, ...this.#queues.outcome.deadLetters];
  }
}
