import type { ProcessorEvent, StateChange } from '../../shared/batch/contracts.ts';
import type { WorkMessage } from '../../shared/batch/messages.ts';
import { DEFAULT_POLICY, type Policy } from '../../shared/batch/policy.ts';
import type { Batch } from '../../shared/batch/record.ts';
import type { ProviderState } from '../../shared/quota/providerState.ts';
import type { Dependencies } from '../../shared/usecases/dependencies.ts';
import { intake } from '../../shared/usecases/intake/intake.ts';
import { recordDeliveryOutcome } from '../../shared/usecases/outcome.ts';
import { sweep } from '../../shared/usecases/sweep/sweep.ts';
import { runWork } from '../../shared/usecases/work/work.ts';
import { type FakeBatchStore, fakeBatchStore } from './fakes/fakeBatchStore.ts';
import { fakeMetrics } from './fakes/fakeMetrics.ts';
import { type FakeProvider, fakeProvider, fakeProviders } from './fakes/fakeProvider.ts';
import { fakeTokens } from './fakes/fakeTokens.ts';
import { NOW } from './given.ts';
import { memoryObjects } from './memoryObjects.ts';
import { memoryScratch } from './memoryScratch.ts';

/** The whole system on fakes, with a clock that the test moves and queues that it empties. */
export interface World {
  readonly dependencies: Dependencies;
  readonly batches: FakeBatchStore;
  readonly provider: FakeProvider;
  readonly objects: ReturnType<typeof memoryObjects>;
  readonly states: Map<string, ProviderState>;
  readonly workQueue: WorkMessage[];
  readonly batchQueue: { body: string; delaySeconds: number }[];
  readonly deadLetters: { queue: string; body: string; reason: string; messageId: string }[];
  readonly invocations: ProcessorEvent[];
  readonly announced: StateChange[];
  readonly metrics: Map<string, number>;
  readonly logged: string[];
  advance(seconds: number): void;
  /** Uploads requests with these ids and adds them as a batch. */
  add(batchId: string, customIds: readonly string[], message?: object): Promise<void>;
  /** @param sentAt default: now */
  send(body: unknown, messageId?: string, receiveCount?: number, sentAt?: number): Promise<void>;
  /** Does all work that is queued, and what it queues. */
  workAll(): Promise<void>;
  sweep(): Promise<void>;
  /** Tells of the last invocation of the processor as its destination would. */
  settle(condition?: string, event?: ProcessorEvent): Promise<void>;
  batch(batchId: string): Batch;
  rows(key: string | undefined): Promise<{ custom_id: string }[]>;
}

const FUNCTION_SECONDS = 300;

export function world(policy: Policy = DEFAULT_POLICY): World {
  let now = NOW;
  let serial = 0;
  const batches = fakeBatchStore();
  const objects = memoryObjects();
  const provider = fakeProvider(() => now);
  const states = new Map<string, ProviderState>();
  const workQueue: WorkMessage[] = [];
  const batchQueue: World['batchQueue'] = [];
  const deadLetters: World['deadLetters'] = [];
  const invocations: ProcessorEvent[] = [];
  const announced: StateChange[] = [];
  const metrics = new Map<string, number>();
  const logged: string[] = [];
  let lock: { token: string; leaseUntil: number } | undefined;
  let cursors = {};
  const log = (message: string, fields?: object) =>
    void logged.push(`${message} ${JSON.stringify(fields)}`);
  const dependencies: Dependencies = {
    policy,
    clock: { now: () => now },
    chance: { random: () => 0.5, randomInt: () => serial++ % 36, token: () => `token-${serial++}` },
    batches,
    providerStates: {
      get: async (name) => states.get(name) ?? { schemaVersion: 1, provider: name, version: 0 },
      async replace(state) {
        if ((states.get(state.provider)?.version ?? 0) !== state.version - 1) return 'conflict';
        states.set(state.provider, state);
        return 'written';
      },
      list: async () => [...states.keys()],
    },
    sweepLock: {
      async acquire(token, at, leaseUntil) {
        if (lock && at < lock.leaseUntil) return undefined;
        lock = { token, leaseUntil };
        return cursors;
      },
      async release(token, next) {
        if (lock?.token === token) lock = undefined;
        cursors = next;
      },
    },
    queues: {
      sendWork: async (message) => void workQueue.push(message),
      sendBatch: async (message, delaySeconds) =>
        void batchQueue.push({ body: JSON.stringify(message), delaySeconds }),
      sendDeadLetter: async (queue, body, reason, messageId) =>
        void deadLetters.push({ queue, body, reason, messageId }),
    },
    objects,
    tableName: 'test-table',
    scratch: memoryScratch(),
    tokens: fakeTokens,
    providers: fakeProviders({ openai: provider }),
    processor: { invoke: async (event) => void invocations.push(event) },
    bus: { publish: async (change) => void announced.push(change) },
    log: { info: log, warn: log, error: log },
    metrics: fakeMetrics(metrics),
  };
  const self: World = {
    ...{ dependencies, batches, provider, objects, states, workQueue, batchQueue, deadLetters },
    ...{ invocations, announced, metrics, logged },
    advance: (seconds) => {
      now += seconds * 1000;
    },
    async add(batchId, customIds, message = {}) {
      await upload(objects, `uploads/${batchId}.jsonl`, customIds.map(requestLine));
      await self.send({ batchId, ...message });
    },
    send(body, messageId = `message-${serial++}`, receiveCount = 1, sentAt = now) {
      const text = typeof body === 'string' ? body : JSON.stringify(body);
      return intake(dependencies, { body: text, messageId, receiveCount, sentAt });
    },
    async workAll() {
      for (let message = workQueue.shift(); message; message = workQueue.shift()) {
        await runWork(dependencies, message, now + FUNCTION_SECONDS * 1000);
      }
    },
    sweep: () => sweep(dependencies, now + FUNCTION_SECONDS * 1000),
    async settle(condition = 'Success', event = invocations.at(-1)) {
      const responsePayload = condition === 'Success' ? null : { errorMessage: 'it broke' };
      const record = { requestContext: { condition }, requestPayload: event, responsePayload };
      await recordDeliveryOutcome(dependencies, JSON.stringify(record));
    },
    batch(batchId) {
      const batch = batches.all().find((record) => record.batchId === batchId);
      if (batch) return batch;
      throw new Error(`there is no batch ${batchId}`);
    },
    async rows(key) {
      if (key === undefined) throw new Error('there are no rows');
      const chunks: Uint8Array[] = [];
      for await (const chunk of objects.read(key)) chunks.push(chunk);
      const text = Buffer.concat(chunks).toString();
      return text
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line));
    },
  };
  return self;
}

export function requestLine(customId: string): string {
  const body = { model: 'm', input: `text of ${customId}` };
  return JSON.stringify({ custom_id: customId, method: 'POST', url: '/v1/embeddings', body });
}

export async function upload(
  objects: Pick<Dependencies['objects'], 'writer'>,
  key: string,
  lines: readonly string[],
): Promise<void> {
  const writer = objects.writer(key);
  await writer.write(Buffer.from(lines.map((line) => `${line}\n`).join('')));
  await writer.close();
}
