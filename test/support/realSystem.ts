import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import type { ProcessorEvent, StateChange } from '../../shared/batch/contracts.ts';
import { awaitsInputExpiry } from '../../shared/batch/lifecycle/ended.ts';
import { DEFAULT_POLICY, type Policy } from '../../shared/batch/policy.ts';
import type { Settings } from '../../shared/settings.ts';
import type { Dependencies } from '../../shared/usecases/dependencies.ts';
import { intake } from '../../shared/usecases/intake/intake.ts';
import { recordDeliveryOutcome } from '../../shared/usecases/outcome.ts';
import { sweep } from '../../shared/usecases/sweep/sweep.ts';
import { acceptWork, runWork } from '../../shared/usecases/work/work.ts';
import type { Simulator } from '../../simulators/engine/jobServer.ts';
import { type OpenAiOptionsInput, startOpenAiSimulator } from '../../simulators/openai/index.ts';
import type { Emulators } from './emulators.ts';
import { type Answer, type Received, startProxy } from './emulatorsProxy.ts';
import { fakeMetrics } from './fakes/fakeMetrics.ts';
import type { Given } from './given.ts';
import { realDependencies } from './realDependencies.ts';
import { type RealQueue, realQueue } from './realQueue.ts';
import { requestLine } from './world.ts';

export interface RealSystemOptions {
  readonly plan?: readonly string[];
  readonly simulator?: Partial<OpenAiOptionsInput>;
  readonly policy?: Partial<Policy>;
  readonly limits?: Settings['providers'][string]['limits'];
}

/**
 * The use cases on the deployed adapters: emulators of the table, the queues and the bucket behind
 * a network that can be bad, the provider's SDK against its simulator. The test is the schedule,
 * the pollers and the clock.
 */
export interface RealSystem {
  readonly simulator: Simulator;
  readonly batchQueue: RealQueue;
  readonly workQueue: RealQueue;
  /** What the processor was invoked with, in order. */
  readonly invocations: readonly ProcessorEvent[];
  /** What the event bus was told, in order. */
  readonly events: readonly StateChange[];
  readonly metrics: ReadonlyMap<string, number>;
  readonly logged: readonly string[];
  readonly dependencies: Dependencies;
  /** The table itself, past the network. */
  readonly table: { readonly client: Emulators['table']; readonly name: string };
  /** What becomes of each request to the table, the queues and the bucket; a test may set it. */
  network: (received: Received) => Answer | Promise<Answer>;
  /** Another deployment on the same table, queues and bucket. */
  another(): Dependencies;
  /** Moves the clock, and lets the simulator do what is due by then. */
  advance(seconds: number): Promise<void>;
  /** Uploads requests with these ids and sends the message that adds them. */
  add(batchId: string, customIds: readonly string[], message?: object): Promise<void>;
  send(body: object): Promise<void>;
  intake(): Promise<number>;
  /** Does all work that is queued. */
  work(dependencies?: Dependencies): Promise<number>;
  sweep(dependencies?: Dependencies): Promise<void>;
  /** Tells how an invocation of the processor ended, as its destination would. */
  settle(event: ProcessorEvent, condition?: string): Promise<void>;
  /** Takes in and does everything that is queued. */
  drain(): Promise<void>;
  /** Sweeps, works and moves the clock by a minute until all batches have ended. */
  untilEnded(...batchIds: readonly string[]): Promise<void>;
  batch(batchId: string): Promise<Given>;
  /** Keys of everything the bucket holds of a batch, in their order. */
  keysOf(batchId: string): Promise<readonly string[]>;
  /** The rows under a key of the bucket. */
  rows(key: string | undefined): Promise<readonly Row[]>;
  stop(): Promise<void>;
}

interface Row {
  readonly custom_id: string;
  readonly response: { readonly status_code: number } | null;
  readonly error: { readonly code: string } | null;
}

const FUNCTION_SECONDS = 300;
const MINUTE = 60;
/** Above what any test needs: a batch that has not ended by then never will. */
const MAX_SWEEPS = 200;

let serial = 0;

export async function startRealSystem(
  emulators: Emulators,
  { plan = ['completed'], policy = {}, limits = {}, simulator = {} }: RealSystemOptions = {},
): Promise<RealSystem> {
  let now = Date.now();
  // Nothing hangs here for as long as a timer of the use cases waits.
  const clock = { now: () => now, after: () => () => {} };
  const directory = mkdtempSync(join(tmpdir(), 'simulator-'));
  const openAi = await startOpenAiSimulator(
    { dataDir: directory, plan: [...plan], jobSeconds: 10 * MINUTE, ...simulator },
    clock.now,
  );
  const forward = (received: Received) => system.network(received);
  const table = await startProxy(emulators.tableUrl, forward);
  const queues = await startProxy(emulators.queueUrl, forward);
  const invocations: ProcessorEvent[] = [];
  const processor = await startProxy(undefined, ({ body }) => {
    invocations.push(JSON.parse(body.toString()));
    return { status: 202 };
  });
  const events: StateChange[] = [];
  const bus = await startProxy(undefined, ({ body }) => {
    const { Entries: entries } = JSON.parse(body.toString()) as { Entries: { Detail: string }[] };
    for (const { Detail: detail } of entries) events.push(JSON.parse(detail));
    return { status: 200, body: JSON.stringify({ FailedEntryCount: 0, Entries: [{}] }) };
  });

  serial += 1;
  const [tableName, bucketName] = [`table-${serial}`, `bucket-${serial}`];
  await emulators.createTable(tableName);
  await emulators.createBucket(bucketName);
  const createQueue = (name: string) => emulators.createQueue(`${name}-${serial}`);
  const queueUrls = {
    batch: await createQueue('batch'),
    work: await createQueue('work'),
    deadLetters: { batch: await createQueue('batch-dead'), work: await createQueue('work-dead') },
  };
  const metrics = new Map<string, number>();
  const logged: string[] = [];
  const log = (message: string, fields?: object) =>
    void logged.push(`${message} ${JSON.stringify(fields)}`);
  const destroys: (() => void)[] = [];
  const compose = (): Dependencies => {
    const { dependencies, destroy } = realDependencies({
      urls: {
        table: table.url,
        queues: queues.url,
        bucket: queues.url,
        processor: processor.url,
        bus: bus.url,
        provider: openAi.url,
      },
      ...{ tableName, bucketName, queueUrls, limits, clock },
      policy: { ...DEFAULT_POLICY, ...policy },
      log: { info: log, warn: log, error: log },
      metrics: fakeMetrics(metrics),
    });
    destroys.push(destroy);
    return dependencies;
  };

  const { sqs, s3 } = emulators;
  const own = compose();
  const deadline = () => now + FUNCTION_SECONDS * 1000;
  const system: RealSystem = {
    simulator: openAi,
    batchQueue: realQueue(sqs, queueUrls.batch),
    workQueue: realQueue(sqs, queueUrls.work),
    ...{ invocations, events, metrics, logged },
    dependencies: own,
    table: { client: emulators.table, name: tableName },
    network: () => 'forward',
    another: compose,
    async advance(seconds) {
      now += seconds * 1000;
      await openAi.finishDueWork();
    },
    async add(batchId, customIds, message = {}) {
      const Body = customIds.map((customId) => `${requestLine(customId)}\n`).join('');
      const Key = `uploads/${batchId}.jsonl`;
      await s3.send(new PutObjectCommand({ Bucket: bucketName, Key, Body }));
      await system.send({ batchId, ...message });
    },
    async send(body) {
      const MessageBody = JSON.stringify(body);
      await sqs.send(new SendMessageCommand({ QueueUrl: queueUrls.batch, MessageBody }));
    },
    intake: () =>
      system.batchQueue.handleAll(({ Body: body = '', MessageId: messageId = '' }) =>
        intake(own, { body, messageId, sentAt: 0, receiveCount: 1 }),
      ),
    work: (dependencies = own) =>
      system.workQueue.handleAll(async ({ Body: body = '', MessageId: messageId = '' }) => {
        const message = await acceptWork(dependencies, { body, messageId });
        if (message) await runWork(dependencies, message, deadline());
      }),
    sweep: (dependencies = own) => sweep(dependencies, deadline()),
    async settle(event, condition = 'Success') {
      const responsePayload = condition === 'Success' ? null : { errorMessage: 'it broke' };
      const record = { requestContext: { condition }, requestPayload: event, responsePayload };
      await recordDeliveryOutcome(own, JSON.stringify(record));
    },
    async drain() {
      while ((await system.intake()) + (await system.work()) > 0);
    },
    async untilEnded(...batchIds) {
      let settled = 0;
      for (let sweeps = 0; sweeps < MAX_SWEEPS; sweeps++) {
        await system.drain();
        for (; settled < invocations.length; settled++)
          await system.settle(invocations[settled] as ProcessorEvent);
        const batches = await Promise.all(batchIds.map(system.batch));
        if (batches.every(awaitsInputExpiry)) return;
        await system.sweep();
        await system.advance(MINUTE);
      }
      throw new Error(`${batchIds} did not end in ${MAX_SWEEPS} sweeps: ${logged.slice(-20)}`);
    },
    async batch(batchId) {
      const batch = await own.batches.get(batchId);
      if (batch) return batch;
      throw new Error(`there is no batch ${batchId}: ${logged.slice(-5)}`);
    },
    async keysOf(batchId) {
      const input = { Bucket: bucketName, Prefix: `batches/${batchId}/` };
      const { Contents = [] } = await s3.send(new ListObjectsV2Command(input));
      return Contents.map(({ Key = '' }) => Key).toSorted();
    },
    async rows(key) {
      if (key === undefined) throw new Error('the batch has no rows');
      const chunks: Uint8Array[] = [];
      for await (const chunk of own.objects.read(key)) chunks.push(chunk);
      const lines = Buffer.concat(chunks).toString().split('\n').filter(Boolean);
      return lines.map((line) => JSON.parse(line));
    },
    async stop() {
      for (const destroy of destroys) destroy();
      await Promise.all([table, queues, processor, bus].map((proxy) => proxy.close()));
      await openAi.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
  return system;
}
