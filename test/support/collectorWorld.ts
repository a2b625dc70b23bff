import { UnreadableRecordError } from '../../shared/batch/errors.ts';
import {
  type Collector,
  type CollectorSettingsInput,
  collectorSettingsSchema,
} from '../../shared/collector/contract.ts';
import { type CollectorDelivery, gather } from '../../shared/collector/gather.ts';
import type { Lane } from '../../shared/collector/lane.ts';
import { sealWindows } from '../../shared/collector/seal.ts';
import type { Dependencies } from '../../shared/usecases/dependencies.ts';
import { MemoryLanes } from '../../simulators/memory/lanes.ts';
import { fatalCalls } from './fatalCalls.ts';
import { type World, world } from './world.ts';

/** The collector on ports in memory, with a process that can die at any call. */
export interface CollectorWorld {
  readonly world: World;
  readonly lanes: MemoryLanes;
  readonly queue: CollectorDelivery[];
  readonly deadLetters: { body: string; reason: string; messageId: string }[];
  /** Calls of any port so far. */
  calls(): number;
  /** The process dies at this call: before it has an effect, or after. */
  dieAt(call: number, moment: 'before' | 'after'): void;
  /** The record of this batch exists and can be read no more. */
  breakRecord(batchId: string): void;
  /** Writes of these lanes are throttled. */
  failWrites(which: (lane: Lane) => boolean): void;
  send(request: object | string, messageId?: string): void;
  /** Delivers messages to the collector. Those that it did not handle return to the queue. */
  deliver(messages?: readonly CollectorDelivery[]): Promise<void>;
  sweep(): Promise<void>;
  /** Delivers, sweeps and adds batches until nothing is due. */
  settle(): Promise<void>;
  /** Custom ids by the batch that was made of them. */
  batches(): Record<string, string[]>;
}

export function collectorWorld(given: CollectorSettingsInput = {}): CollectorWorld {
  const w = world();
  const lanes = new MemoryLanes();
  const laneStore = lanes.laneStore();
  const queue: CollectorDelivery[] = [];
  const deadLetters: CollectorWorld['deadLetters'] = [];
  const fatal = fatalCalls();
  let serial = 0;
  let isThrottled = (_lane: Lane) => false;
  const collector: Collector = {
    settings: collectorSettingsSchema.parse(given),
    lanes: fatal.guard({
      ...laneStore,
      async replace(lane: Lane) {
        if (isThrottled(lane)) throw new Error('throttled');
        return laneStore.replace(lane);
      },
    }),
    requests: fatal.guard(lanes.register()),
    queue: fatal.guard({
      async sendJoin(message: object) {
        queue.push({ body: JSON.stringify(message), messageId: `join-${serial++}` });
      },
      async sendDeadLetter(body: string, reason: string, messageId: string) {
        deadLetters.push({ body, reason, messageId });
      },
    }),
  };
  const { objects } = w.dependencies;
  const broken = new Set<string>();
  const dependencies: Dependencies & { readonly collector: Collector } = {
    ...w.dependencies,
    collector,
    batches: fatal.guard({
      ...w.dependencies.batches,
      async get(batchId) {
        if (broken.has(batchId)) throw new UnreadableRecordError(batchId, 'broken', batchId);
        return w.dependencies.batches.get(batchId);
      },
    }),
    queues: fatal.guard(w.dependencies.queues),
    objects: {
      ...objects,
      async *read(key) {
        await fatal.call(async () => {});
        yield* objects.read(key);
      },
      writer: (key) => fatal.guard(objects.writer(key)),
    },
  };
  const deadline = () => dependencies.clock.now() + 300_000;

  const self: CollectorWorld = {
    ...{ world: w, lanes, queue, deadLetters },
    calls: fatal.calls,
    dieAt: fatal.dieAt,
    breakRecord(batchId) {
      broken.add(batchId);
    },
    failWrites(which) {
      isThrottled = which;
    },
    send(request, messageId = `message-${serial++}`) {
      const body = typeof request === 'string' ? request : JSON.stringify(request);
      queue.push({ body, messageId });
    },
    async deliver(messages = queue.splice(0)) {
      const failed = await gather(dependencies, messages, deadline());
      const isDead = fatal.restart();
      queue.push(...messages.filter(({ messageId }) => isDead || failed.has(messageId)));
    },
    async sweep() {
      const run = {
        isOver: () => false,
        safely: (_: object, part: () => Promise<void>) => part().catch(() => {}),
      };
      // The schedule starts another sweep after one that died.
      await sealWindows(dependencies, run).catch(() => {});
      fatal.restart();
    },
    async settle() {
      for (let round = 0; round < 20; round++) {
        await self.deliver();
        w.advance(600);
        await self.sweep();
        for (const { body } of w.batchQueue.splice(0)) await w.send(body);
      }
    },
    batches() {
      const made = w.batches.all().map(({ batchId, spec }) => {
        const lines = String(w.bucket.objects.get(spec.source.key)).split('\n').filter(Boolean);
        return [batchId, lines.map((line) => JSON.parse(line).custom_id as string)] as const;
      });
      return Object.fromEntries(made);
    },
  };
  return self;
}

export function request(customId: string, changes: object = {}): object {
  const body = { model: 'm', input: `text of ${customId}` };
  return { custom_id: customId, method: 'POST', url: '/v1/embeddings', body, ...changes };
}
