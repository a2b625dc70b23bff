import {
  type Collector,
  type CollectorSettings,
  collectorSettingsSchema,
} from '../../shared/collector/contract.ts';
import { gather } from '../../shared/collector/gather.ts';
import { dueAtOf } from '../../shared/collector/lane.ts';
import type { Dependencies } from '../../shared/usecases/dependencies.ts';
import { MemoryLanes } from '../../simulators/memory/lanes.ts';
import { callsOf, type Process, TABLE_CALL } from './process.ts';
import { DAY, MINUTE, type Schedule } from './schedule.ts';
import { type Message, Queue } from './world/queue.ts';
import { PAGE_SIZE } from './world/table.ts';

/** How long Lambda waits for more messages. */
const GATHERING_MS = 20_000;
const HOUR = 60 * MINUTE;

/** Runs the collector's function once. Exactly one of `done` and `failed` is called. */
type Invoke = (
  handle: (dependencies: Dependencies, deadline: number) => Promise<void>,
  done: () => void,
  failed: () => void,
) => void;

/** A message that waits for others, to be handled together. */
interface Held {
  readonly message: Message;
  readonly done: () => void;
  readonly failed: () => void;
}

/** A user sends single requests, and the collector makes batches of them. */
export class Collecting {
  readonly lanes: MemoryLanes;
  readonly queue: Queue;
  readonly refused: { readonly body: string; readonly reason: string }[] = [];
  /** Bodies that the user has sent. */
  readonly sent: string[] = [];
  readonly #schedule: Schedule;
  readonly #settings: CollectorSettings;
  readonly #invoke: Invoke;
  readonly #held: Held[] = [];

  /** @param wake has a sweep come at a time */
  constructor(
    schedule: Schedule,
    functionTimeoutMs: number,
    invoke: Invoke,
    wake: (at: number) => void,
  ) {
    const { random } = schedule;
    this.#schedule = schedule;
    this.#invoke = invoke;
    this.lanes = new MemoryLanes({
      pageSize: PAGE_SIZE,
      checksVersion: schedule.guards.laneVersion !== false,
      now: () => schedule.now,
      lagMs: () => schedule.indexLagMs(),
      token: () => schedule.token(),
      onWrite(lane) {
        const dueAt = dueAtOf(lane);
        if (dueAt !== undefined) wake(dueAt);
      },
    });
    const settings = schedule.life
      ? { maxRequests: schedule.life.requests, maxAgeSeconds: 300 }
      : { maxRequests: 1 + random.int(6), maxAgeSeconds: random.pick([30, 300, 3_600]) };
    this.#settings = collectorSettingsSchema.parse(settings);
    this.queue = new Queue(
      schedule,
      'collector',
      functionTimeoutMs,
      (message, _receives, done, failed) => this.#hold({ message, done, failed }),
    );
  }

  /** Sends valid, repeated and malformed requests, and some that reuse a `custom_id` with other content. */
  userSends(): void {
    const { random } = this.#schedule;
    const soon = random.pick([GATHERING_MS, 10 * MINUTE, 2 * HOUR]);
    for (let number = random.int(8); number >= 0; number--) {
      const model = random.pick(['m', 'm', 'other']);
      const send = (input: string, withinMs: number) =>
        this.#send(request(`r${number}`, model, input), withinMs);
      send('one', soon);
      if (random.chance(0.3)) send('one', soon);
      if (random.chance(0.1)) send('one', 2 * DAY);
      if (random.chance(0.2)) send('two', random.pick([soon, DAY]));
      if (random.chance(0.1)) this.#send(random.pick(['no JSON', '{}', badRequest(number)]), soon);
    }
  }

  /** Sends one request after the other. */
  userSendsOnce(requests: number): void {
    for (let number = 0; number < requests; number++)
      this.#send(request(`r${number}`, 'm', 'one'), 0);
  }

  #send(body: string, withinMs: number): void {
    const { random, timeline } = this.#schedule;
    this.sent.push(body);
    timeline.after(random.between(0, withinMs), () => this.queue.send(body, 0, true));
  }

  #hold(held: Held): void {
    const { random, timeline } = this.#schedule;
    this.#held.push(held);
    if (this.#held.length > 1) return;
    timeline.after(random.between(0, GATHERING_MS), () => {
      const all = this.#held.splice(0);
      // Sometimes two functions share the messages.
      const own = random.chance(0.5) ? all.length : random.int(all.length);
      this.#deliver(all.slice(0, own));
      this.#deliver(all.slice(own));
    });
  }

  #deliver(held: readonly Held[]): void {
    if (held.length === 0) return;
    const deliveries = held.map(({ message: { id, body } }) => ({ messageId: id, body }));
    let back: ReadonlySet<string> = new Set();
    this.#invoke(
      async ({ collector, ...dependencies }, deadline) => {
        if (collector) back = await gather({ ...dependencies, collector }, deliveries, deadline);
      },
      () => {
        for (const { message, done, failed } of held) back.has(message.id) ? failed() : done();
      },
      () => {
        for (const { failed } of held) failed();
      },
    );
  }

  ports(process: Process): Collector {
    const call = callsOf(process);
    return {
      settings: this.#settings,
      lanes: this.lanes.laneStore(callsOf(process, TABLE_CALL)),
      requests: this.lanes.register(callsOf(process, TABLE_CALL)),
      queue: {
        sendJoin: (message) =>
          call(`send join ${message.window}`, () => this.queue.send(JSON.stringify(message))),
        sendDeadLetter: (body, reason) =>
          call(`refuse: ${reason}`, () => void this.refused.push({ body, reason })),
      },
    };
  }
}

function request(customId: string, model: string, input: string): string {
  const body = { model, input };
  return JSON.stringify({ custom_id: customId, method: 'POST', url: '/v1/embeddings', body });
}

function badRequest(number: number): string {
  return request(`bad${number}`, 'm', 'one').replace('/v1/embeddings', '/v1/nothing');
}
