import type { StateChange } from '../../shared/batch/contracts.ts';
import { UNPRICED } from '../../shared/batch/cost.ts';
import { DEFAULT_POLICY } from '../../shared/batch/policy.ts';
import type { HttpPorts } from '../../shared/http/ports.ts';
import type { Providers } from '../../shared/providers/provider.ts';
import { tenantStore } from '../../shared/stores/tenants.ts';
import { uploadStore } from '../../shared/stores/uploadRecords.ts';
import type { Dependencies } from '../../shared/usecases/dependencies.ts';
import { memoryScratch } from '../../simulators/memory/scratch.ts';
import { fakeTokens } from '../support/fakes/fakeTokens.ts';
import type { Collecting } from './collecting.ts';
import { callsOf, type Process } from './process.ts';
import type { Schedule } from './schedule.ts';
import { bucketPort, type SimulatedBucket } from './world/bucket.ts';
import { HUNG_ENTRY, hungProvider } from './world/hungProvider.ts';
import type { ProcessorFunction } from './world/processor.ts';
import type { ProviderAccount } from './world/provider.ts';
import type { Queue } from './world/queue.ts';
import type { Table } from './world/table.ts';

/** The parts of a simulation that a process reaches through its ports. */
export interface PortsWorld {
  readonly schedule: Schedule;
  readonly table: Table;
  readonly bucket: SimulatedBucket;
  readonly account: ProviderAccount;
  readonly processor: ProcessorFunction;
  readonly collecting: Collecting | undefined;
  readonly queues: { readonly batch: Queue; readonly work: Queue };
  readonly announced: StateChange[];
  readonly deadLetters: { readonly body: string; readonly reason: string }[];
  /** An object is about to be removed from the bucket. */
  readonly onObjectRemoved: (key: string) => void;
}

/** The ports of every function, and those of the HTTP API. */
export type SimulatedPorts = Dependencies & Required<Pick<HttpPorts, 'items' | 'wait'>>;

/**
 * The ports of one process. Each of its calls can be slow, refused or lost, or its last.
 *
 * @param shards how many there are, as the code of the process knows it
 */
export function portsOf(process: Process, world: PortsWorld, shards: number): SimulatedPorts {
  const { schedule, table, queues, announced, deadLetters } = world;
  const { random } = schedule;
  const call = callsOf(process);
  const callQueue = callsOf(process, { timeoutMs: 10_000 });
  const send = (queue: Queue, message: unknown, delaySeconds = 0) => {
    const body = JSON.stringify(message);
    return callQueue(`send ${body}`, () => queue.send(body, delaySeconds * 1000));
  };
  const log = (message: string, fields: object = {}) =>
    schedule.trace(() => `${process.name}:   ${message} ${JSON.stringify(fields)}`);
  return {
    // As few jobs as there are here may be listed too.
    policy: {
      ...DEFAULT_POLICY,
      listFrom: 2,
      listStreamJobs: 1,
      retentionSeconds: schedule.tableKind.retentionMs / 1000,
      inputRetentionSeconds: schedule.tableKind.inputRetentionMs / 1000,
    },
    clock: {
      now: () => schedule.now,
      after(milliseconds, run) {
        let isStopped = false;
        schedule.timeline.after(milliseconds, () => {
          if (process.alive && !isStopped) run();
        });
        return () => {
          isStopped = true;
        };
      },
    },
    chance: {
      random: () => random.next(),
      randomInt: (max) => random.int(max),
      token: () => schedule.token(),
    },
    batches: table.batchStore(process, shards),
    providerStates: table.providerStates(process),
    tenants: tenantStore(table.itemTable(process)),
    sweepLock: table.sweepLock(process),
    items: table.itemTable(process),
    wait: (milliseconds) => process.wait(milliseconds),
    uploads: uploadStore(table.itemTable(process)),
    queues: {
      sendWork: (message) => send(queues.work, message),
      sendBatch: (message, delaySeconds) => send(queues.batch, message, delaySeconds),
      sendDeadLetter: (_queue, body, reason) =>
        call(`refuse: ${reason}`, () => void deadLetters.push({ body, reason })),
    },
    collector: world.collecting?.ports(process),
    objects: bucketPort(world.bucket, process, world.onObjectRemoved),
    tableName: 'table',
    scratch: memoryScratch,
    tokens: fakeTokens,
    providers: providersOf(process, world),
    processor: { invoke: (event) => world.processor.invoke(process, event) },
    bus: {
      publish: (change) =>
        call(`announce ${change.batchId} ${change.to}`, () => void announced.push(change)),
    },
    log: { info: log, warn: log, error: log },
    metrics: { count: () => {}, measure: () => {} },
  };
}

function providersOf(process: Process, { account, schedule }: PortsWorld): Providers {
  const provider = account.provider(process);
  const hung = hungProvider(process, provider, schedule);
  return {
    names: schedule.hungUntil === undefined ? ['openai'] : ['openai', HUNG_ENTRY],
    get: async (name) => (name === HUNG_ENTRY ? hung : provider),
    timing: () =>
      schedule.accountKind.pendsForDays ? {} : { completionHours: 24, progressHours: 24 },
    describe: async () => ({ ...provider, pricing: UNPRICED }),
  };
}
