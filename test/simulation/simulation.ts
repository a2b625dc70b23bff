import type { ProcessorEvent, StateChange } from '../../shared/batch/contracts.ts';
import { DEFAULT_POLICY } from '../../shared/batch/policy.ts';
import type { Batch } from '../../shared/batch/record.ts';
import type { ProviderState } from '../../shared/quota/providerState.ts';
import type { Dependencies } from '../../shared/usecases/dependencies.ts';
import { intake } from '../../shared/usecases/intake/intake.ts';
import { recordDeliveryOutcome } from '../../shared/usecases/outcome.ts';
import { checkJob } from '../../shared/usecases/sweep/check.ts';
import { sweep } from '../../shared/usecases/sweep/sweep.ts';
import { parseWorkMessage, runWork } from '../../shared/usecases/work/work.ts';
import { Collecting } from './collecting.ts';
import { hintsOf } from './hints.ts';
import { API_TIMEOUT_MS, answerOf } from './http/answer.ts';
import type { ApiAnswer } from './http/client.ts';
import { HttpUsers } from './http/users.ts';
import { Invariants } from './invariants.ts';
import type { Observer, SimulatedJob, SimulatedUpload } from './observer.ts';
import { Pauses } from './pauses.ts';
import { type PortsWorld, portsOf, type SimulatedPorts } from './ports.ts';
import type { PortWatch } from './portWatch.ts';
import { Process } from './process.ts';
import {
  ALL_GUARDS,
  DAY,
  type Guards,
  MINUTE,
  Schedule,
  type Scripted,
  START,
  STORM_MS,
} from './schedule.ts';
import { Ticks } from './ticks.ts';
import { planBatches, planLife } from './user.ts';
import { SimulatedBucket } from './world/bucket.ts';
import { ProcessorFunction } from './world/processor.ts';
import { ProviderAccount } from './world/provider.ts';
import { type Message, Queue } from './world/queue.ts';
import { Table } from './world/table.ts';

/** A command on the last stormy day, the maximum age, a day of grace, two more for parts, time to deliver, and the input's time. */
const BOUND_MS = STORM_MS + DEFAULT_POLICY.maxAgeSeconds * 1000 + 9 * DAY;

const TIMEOUTS_MS = {
  intake: MINUTE,
  sweeper: 5 * MINUTE,
  worker: 15 * MINUTE,
  outcome: MINUTE,
  listener: MINUTE / 2,
  collector: 5 * MINUTE,
  api: API_TIMEOUT_MS,
};
type FunctionName = keyof typeof TIMEOUTS_MS;

/** Share of the schedules in which requests are sent singly, too. */
const COLLECTING_SHARE = 0.06;
/** Share of the schedules in which batches are created over HTTP, too. */
const HTTP_SHARE = 0.06;

type HandleMessage = (
  dependencies: Dependencies,
  message: Message,
  receives: number,
  deadline: number,
) => Promise<void>;

/** The whole system on virtual time, for one seed. */
export class Simulation implements Observer, PortsWorld {
  readonly schedule: Schedule;
  readonly table: Table;
  readonly bucket = new SimulatedBucket('bucket');
  readonly account: ProviderAccount;
  readonly pauses: Pauses;
  readonly processor: ProcessorFunction;
  readonly invariants: Invariants;
  readonly announced: StateChange[] = [];
  readonly deadLetters: { readonly body: string; readonly reason: string }[] = [];
  /** In some schedules. */
  readonly collecting: Collecting | undefined;
  /** In some schedules. */
  readonly http: HttpUsers | undefined;
  readonly queues: { readonly batch: Queue; readonly work: Queue; readonly outcome: Queue };
  /** Notes the calls to the ports, in some tests. */
  watch: PortWatch | undefined;
  readonly #ticks: Ticks;
  #processes = 0;

  constructor(seed: number, guards: Guards = ALL_GUARDS, traced = false, scripted?: Scripted) {
    const schedule = new Schedule(seed, guards, traced, scripted);
    this.schedule = schedule;
    this.table = new Table(schedule, this);
    this.account = new ProviderAccount(schedule, this);
    this.pauses = new Pauses(schedule);
    this.queues = this.#makeQueues();
    this.processor = new ProcessorFunction(schedule, this, this.queues.outcome);
    const lanes = () => this.collecting?.lanes.all() ?? [];
    const { table, account } = this;
    this.#ticks = new Ticks(schedule, { table, account, lanes }, () => this.#sweep());
    this.invariants = new Invariants(this);
    this.http = this.#makeHttp(guards, scripted);
    // By chance of its own, so that the other schedules are what they would be without.
    const share = guards.collecting ? 1 : COLLECTING_SHARE;
    const isCollecting = scripted
      ? scripted.life.isCollected
      : schedule.stream('collecting').chance(share);
    if (!isCollecting) return;
    this.collecting = new Collecting(
      schedule,
      TIMEOUTS_MS.collector,
      (handle, done, failed) => this.#invoke('collector', handle, { done, failed }),
      (at) => this.#ticks.wake(at),
    );
  }

  /** Runs to the end, and gives what was broken on the way and is broken there. */
  async run(): Promise<readonly string[]> {
    const { schedule, bucket, invariants } = this;
    this.pauses.plan(this.queues.batch);
    const world = {
      bucket,
      queue: this.queues.batch,
      onAdded: (batchId: string, customIds: readonly string[]) =>
        invariants.expect(batchId, customIds),
      onCommand: (batchId: string) => invariants.onCommand(batchId),
    };
    const { life } = schedule;
    if (!life) planBatches(schedule, world);
    else if (life.overHttp) this.http?.planLife(life);
    else if (!life.isCollected) planLife(schedule, world, life);
    if (!life) this.http?.plan();
    if (life?.isCollected) this.collecting?.userSendsOnce(life.requests);
    else this.collecting?.userSends();
    const cameToRest = await schedule.timeline.run(START + BOUND_MS);
    if (!cameToRest) invariants.onRestless();
    return invariants.atTheEnd();
  }

  /** Messages that SQS itself gave up on. */
  deadMessages(): Message[] {
    return [this.queues.batch, this.queues.work, this.queues.outcome].flatMap(
      ({ deadLetters }) => deadLetters,
    );
  }

  onWrite(next: Batch, previous: Batch | undefined): void {
    this.#ticks.onWrite(next);
    this.invariants.onWrite(next, previous);
  }

  onJob(job: SimulatedJob): void {
    this.invariants.onJob(job);
    const { random, faults, now, timeline } = this.schedule;
    if (!random.chance(faults.hint)) return;
    for (const { afterMs, jobId } of hintsOf(job, now, random))
      timeline.after(afterMs, () => this.#hint(jobId));
  }

  onJobCancelled(job: SimulatedJob): void {
    this.invariants.onJobCancelled(job);
    const news = this.account.newsOf(job.id);
    if (news !== undefined) this.#ticks.wake(news);
  }

  /** The ticks of all schedules: that of each shard comes by itself. */
  #sweep(): void {
    const shards = this.schedule.shardsNow();
    const run = (shard?: number) =>
      this.#invoke('sweeper', (ports, deadline) => sweep(ports, deadline, { shards, shard }), {
        shards,
      });
    run();
    if (shards > 1) for (let shard = 0; shard < shards; shard++) run(shard);
  }

  /** A provider says that a job has ended. */
  #hint(jobId: string): void {
    this.#invoke('listener', async (dependencies) => {
      await checkJob(dependencies, { provider: 'openai', jobId });
    });
  }

  onDisowned(batch: Batch): void {
    this.invariants.onDisowned(batch);
  }
  onUnwritable(batch: Batch, error: unknown): void {
    this.invariants.onUnwritable(batch, error);
  }
  onExpired(batch: Batch): void {
    this.invariants.onExpired(batch);
  }
  onProviderState(state: ProviderState): void {
    this.pauses.onState(state);
  }
  onSweep(process: Process, shard: number | undefined): void {
    this.invariants.onSweep(process, shard);
  }
  onSweepOver(process: Process, shard: number | undefined): void {
    this.invariants.onSweepOver(process, shard);
  }
  onInvocation(event: ProcessorEvent): void {
    this.invariants.onInvocation(event);
  }
  onOutcome(event: ProcessorEvent): void {
    this.invariants.onOutcome(event);
  }
  readonly onObjectRemoved = (key: string): void => this.invariants.onObjectRemoved(key);
  onUploadTaken(upload: SimulatedUpload, job: SimulatedJob): void {
    this.invariants.onUploadTaken(upload, job);
  }
  onUploadDeleted(upload: SimulatedUpload): void {
    this.invariants.onUploadDeleted(upload);
  }
  onOutputDeleted(job: SimulatedJob): void {
    this.invariants.onOutputDeleted(job);
  }

  #makeHttp({ overHttp }: Guards, scripted: Scripted | undefined): HttpUsers | undefined {
    const { schedule } = this;
    const random = schedule.stream('http');
    const isOverHttp = scripted
      ? scripted.life.overHttp !== undefined
      : random.chance(overHttp ? 1 : HTTP_SHARE);
    if (!isOverHttp) return undefined;
    return new HttpUsers(schedule, random, {
      serve: (request, answered, died) => this.#serve(request, answered, died),
      onCommand: (batchId) => this.invariants.onCommand(batchId),
    });
  }

  #serve(request: Request, answered: (answer: ApiAnswer) => void, died: () => void): void {
    const { timeline } = this.schedule;
    timeline.streams += 1;
    let answer: ApiAnswer | undefined;
    const over = () => {
      timeline.streams -= 1;
      if (answer) answered(answer);
      else died();
    };
    this.#invoke(
      'api',
      async (ports) => {
        answer = await answerOf(ports, request);
      },
      { done: over, failed: over },
    );
  }

  #makeQueues() {
    const queue = (name: FunctionName, handle: HandleMessage) =>
      new Queue(this.schedule, name, TIMEOUTS_MS[name], (message, receives, done, failed) =>
        this.#invoke(
          name,
          (dependencies, deadline) => handle(dependencies, message, receives, deadline),
          { done, failed },
        ),
      );
    return {
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
  }

  /** Runs a function once. Exactly one of `done` and `failed` is called. */
  #invoke(
    name: FunctionName,
    handle: (dependencies: SimulatedPorts, deadline: number) => Promise<void>,
    {
      done = () => {},
      failed = () => {},
      shards = this.schedule.shardsNow(),
    }: {
      readonly done?: () => void;
      readonly failed?: () => void;
      /** How many shards there are, as its code knows it. */
      readonly shards?: number;
    } = {},
  ): void {
    const id = `${name}-${++this.#processes}`;
    const process = new Process(this.schedule, id, TIMEOUTS_MS[name], failed);
    const ports = portsOf(process, this, shards);
    handle(this.watch?.watched(ports) ?? ports, process.deadline).then(
      () => {
        if (!process.alive) return;
        process.end();
        done();
      },
      (error: unknown) => process.die(`throws ${String(error)}`),
    );
  }
}
