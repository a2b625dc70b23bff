import type { ProcessorEvent, StateChange } from '../../shared/batch/contracts.ts';
import type { WorkMessage } from '../../shared/batch/messages.ts';
import { DEFAULT_POLICY, type Policy } from '../../shared/batch/policy.ts';
import type { BatchStore, ObjectStore } from '../../shared/batch/ports.ts';
import type { Batch } from '../../shared/batch/record.ts';
import type { UploadStore } from '../../shared/batch/upload.ts';
import type { ProviderState } from '../../shared/quota/providerState.ts';
import { tenantStore } from '../../shared/stores/tenants.ts';
import { uploadStore } from '../../shared/stores/uploadRecords.ts';
import type { Dependencies } from '../../shared/usecases/dependencies.ts';
import { intake } from '../../shared/usecases/intake/intake.ts';
import { recordDeliveryOutcome } from '../../shared/usecases/outcome.ts';
import { sweep } from '../../shared/usecases/sweep/sweep.ts';
import { runWork } from '../../shared/usecases/work/work.ts';
import { MemoryBatches } from '../../simulators/memory/batches.ts';
import { MemoryBucket } from '../../simulators/memory/bucket.ts';
import { MemoryItems } from '../../simulators/memory/items.ts';
import { MemoryProviderStates } from '../../simulators/memory/providerStates.ts';
import { memoryScratch } from '../../simulators/memory/scratch.ts';
import { MemorySweepLock } from '../../simulators/memory/sweepLock.ts';
import { fakeMetrics } from './fakes/fakeMetrics.ts';
import { type FakeProvider, fakeProvider, fakeProviders } from './fakes/fakeProvider.ts';
import { fakeTokens } from './fakes/fakeTokens.ts';
import { type Given, NOW } from './given.ts';

/** All use cases on ports in memory, with a clock that the test moves and queues that it empties. */
export interface World {
  readonly dependencies: Dependencies;
  /** The store of the use cases. A test may replace its methods. */
  readonly batches: BatchStore & Pick<MemoryBatches, 'all' | 'put'>;
  readonly uploads: UploadStore;
  readonly provider: FakeProvider;
  /** The bucket as a port. */
  readonly objects: ObjectStore;
  readonly bucket: MemoryBucket;
  /** States of the provider entries, by name. */
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
  /** Reports the end of an invocation of the processor as Lambda would. Default: the last one. */
  settle(condition?: string, event?: ProcessorEvent): Promise<void>;
  batch(batchId: string): Given;
  rows(key: string | undefined): Promise<{ custom_id: string }[]>;
}

const FUNCTION_SECONDS = 300;

/** @param bucketPrefix what the keys of the handler's objects begin with */
export function world(policy: Policy = DEFAULT_POLICY, bucketPrefix = ''): World {
  let now = NOW;
  let serial = 0;
  const timers = new Set<{ readonly at: number; readonly run: () => void }>();
  const after = (milliseconds: number, run: () => void) => {
    const timer = { at: now + milliseconds, run };
    timers.add(timer);
    return () => void timers.delete(timer);
  };
  const table = new MemoryBatches({ now: () => now });
  const batches = Object.assign(table.store(), {
    all: () => table.all(),
    put: (batch: Batch) => table.put(batch),
  });
  const items = new MemoryItems().table();
  const uploads = uploadStore(items);
  const bucket = new MemoryBucket('test-bucket', bucketPrefix);
  const objects = bucket.store();
  const provider = fakeProvider(() => now);
  const providerStates = new MemoryProviderStates();
  const workQueue: WorkMessage[] = [];
  const batchQueue: World['batchQueue'] = [];
  const deadLetters: World['deadLetters'] = [];
  const invocations: ProcessorEvent[] = [];
  const announced: StateChange[] = [];
  const metrics = new Map<string, number>();
  const logged: string[] = [];
  const log = (message: string, fields?: object) =>
    void logged.push(`${message} ${JSON.stringify(fields)}`);
  const dependencies: Dependencies = {
    policy,
    clock: { now: () => now, after },
    chance: { random: () => 0.5, randomInt: () => serial++ % 36, token: () => `token-${serial++}` },
    batches,
    uploads,
    providerStates: providerStates.store(),
    tenants: tenantStore(items),
    sweepLock: new MemorySweepLock().lock(),
    queues: {
      sendWork: async (message) => void workQueue.push(message),
      sendBatch: async (message, delaySeconds) =>
        void batchQueue.push({ body: JSON.stringify(message), delaySeconds }),
      sendDeadLetter: async (queue, body, reason, messageId) =>
        void deadLetters.push({ queue, body, reason, messageId }),
    },
    objects,
    tableName: 'test-table',
    scratch: memoryScratch,
    tokens: fakeTokens,
    providers: fakeProviders({ openai: provider }),
    processor: { invoke: async (event) => void invocations.push(event) },
    bus: { publish: async (change) => void announced.push(change) },
    log: { info: log, warn: log, error: log },
    metrics: fakeMetrics(metrics),
  };
  const self: World = {
    ...{
      dependencies,
      batches,
      uploads,
      provider,
      objects,
      bucket,
      workQueue,
      batchQueue,
      deadLetters,
    },
    states: providerStates.states,
    ...{ invocations, announced, metrics, logged },
    advance(seconds) {
      const until = now + seconds * 1000;
      const next = () => [...timers].filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0];
      for (let timer = next(); timer; timer = next()) {
        timers.delete(timer);
        now = Math.max(now, timer.at);
        timer.run();
      }
      now = until;
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
      const batch = table.get(batchId);
      if (batch) return batch;
      throw new Error(`there is no batch ${batchId}`);
    },
    async rows(key) {
      if (key === undefined) throw new Error('there are no rows');
      return bucket
        .text(key)
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
