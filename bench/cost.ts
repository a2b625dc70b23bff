import { SECRET_CACHE_MS } from '../shared/aws/secrets.ts';
import { DEFAULT_POLICY } from '../shared/settings.ts';
import { type Benchmark, figure } from './harness/figures.ts';
import { observeStack, REFERENCE } from './latency.ts';
import type { FunctionUsage, Usage } from './usage.ts';

const DAY_SECONDS = 24 * 60 * 60;
const FILE_BYTES = REFERENCE.requests * REFERENCE.lineBytes;

const LOAD: Load = {
  batchesPerDay: 1_000,
  jobHours: 1,
  inputBytes: FILE_BYTES,
  resultBytes: FILE_BYTES,
  retentionDays: DEFAULT_POLICY.retentionSeconds / DAY_SECONDS,
  inputRetentionDays: DEFAULT_POLICY.inputRetentionSeconds / DAY_SECONDS,
};

export const costBenchmark: Benchmark = {
  name: 'cost',
  title: 'AWS cost of 1,000 batches a day, each of 1,000 requests of 2 KB, at list prices',
  async run() {
    const { usage } = await observeStack();
    const cost = costOf(LOAD, usage);
    const idle = costOf({ ...LOAD, batchesPerDay: 0 }, usage);
    const parts = Object.entries(cost).toSorted(([, one], [, other]) => other - one);
    return [
      figure('cost-month', 'all, a month of 30 days', totalOf(cost), '$'),
      figure('cost-month-idle', 'of which without any batch', totalOf(idle), '$'),
      ...parts.map(([service, dollars]) =>
        figure(`cost-${service.toLowerCase().replaceAll(' ', '-')}`, service, dollars, '$'),
      ),
    ];
  },
};

/** US dollars for a month of 30 days, by service. */
export type Cost = Readonly<Record<Service, number>>;
type Service =
  | 'Lambda'
  | 'DynamoDB'
  | 'SQS'
  | 'S3 requests'
  | 'S3 storage'
  | 'EventBridge'
  | 'CloudWatch logs'
  | 'CloudWatch metrics'
  | 'CloudWatch alarms'
  | 'CloudWatch dashboard'
  | 'X-Ray'
  | 'Secrets Manager';

const DAYS = 30;
const GIGABYTE = 1e9;
/** Bytes that one read unit and one write unit pay for: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode.html */
const READ_UNIT_BYTES = 4096;
const WRITE_UNIT_BYTES = 1024;
/**
 * Write units of each write of a record for the index `due`, which holds little of it: moving it within
 * the index costs a unit to remove it and one to add it.
 */
const DUE_INDEX_UNITS = 2;

/** The cost of a month, from what the local run used for a batch and for a sweep. */
export function costOf(load: Load, usage: Usage): Cost {
  const batches = load.batchesPerDay * DAYS;
  const sweeps = usage.sweepsPerDay * DAYS;
  const checks = batches * load.jobHours * (usage.sweepsPerDay / 24);
  const { invocations, durationCost } = lambdaOf(usage, batches, sweeps);

  const writeUnits = Math.ceil(usage.recordBytes / WRITE_UNIT_BYTES) + DUE_INDEX_UNITS;
  const readUnits = Math.ceil(usage.recordBytes / READ_UNIT_BYTES);
  const recordWrites = usage.recordWrites + STEPS.removalWrites;
  const recordUnits =
    recordWrites * writeUnits + STEPS.createdIndexWrites + STEPS.providerIndexWrites;
  const writes = batches * recordUnits + sweeps * SWEEP.tableWrites;
  const reads =
    (batches * recordWrites + checks * STEPS.readsPerSweep) * readUnits + sweeps * SWEEP.tableReads;
  const polls = POLLED_QUEUES * POLLS_PER_QUEUE_AND_DAY * DAYS;
  const logBytes = batches * usage.logBytesPerBatch + sweeps * usage.logBytesPerSweep;
  // The results, and until their time is over the upload and its snapshot.
  const stored =
    load.batchesPerDay *
    (load.retentionDays * load.resultBytes + 2 * load.inputRetentionDays * load.inputBytes);
  const secretReads =
    batches > 0 ? READERS * (DAY_SECONDS / SECRET_READ_EVERY_SECONDS) * DAYS * usage.secrets : 0;

  return {
    Lambda: durationCost + invocations * PRICES.lambdaInvocation,
    DynamoDB: writes * PRICES.tableWriteUnit + reads * PRICES.tableReadUnit,
    SQS: (batches * STEPS.queueRequests + polls) * PRICES.queueRequest,
    'S3 requests':
      batches * (STEPS.objectPuts * PRICES.objectPut + STEPS.objectGets * PRICES.objectGet),
    'S3 storage': (stored / GIGABYTE) * PRICES.objectGigabyteMonth,
    EventBridge: batches * STEPS.busEvents * PRICES.busEvent + sweeps * PRICES.schedulerInvocation,
    'CloudWatch logs': (logBytes / GIGABYTE) * PRICES.logGigabyte,
    'CloudWatch metrics': (batches > 0 ? usage.metrics : usage.idleMetrics) * PRICES.metricMonth,
    'CloudWatch alarms': usage.alarms * PRICES.alarmMonth,
    'CloudWatch dashboard': usage.dashboards * PRICES.dashboardMonth,
    'X-Ray': usage.isTraced ? invocations * PRICES.trace : 0,
    'Secrets Manager': usage.secrets * PRICES.secretMonth + secretReads * PRICES.secretRead,
  };
}

export function totalOf(cost: Cost): number {
  return Object.values(cost).reduce((sum, dollars) => sum + dollars, 0);
}

/** Number of invocations of all functions, and the cost of their duration in US dollars. */
function lambdaOf(usage: Usage, batches: number, sweeps: number) {
  let invocations = 0;
  let durationCost = 0;
  for (const [name, used] of Object.entries(usage.functions)) {
    const count = name === 'Sweeper' ? sweeps : batches * used.invocationsPerBatch;
    invocations += count;
    durationCost += count * pricePerInvocation(used);
  }
  return { invocations, durationCost };
}

/** The memory at which a function has one whole CPU: https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html */
const WHOLE_CPU_MIB = 1_769;
/** Added to each invocation, because AWS's services answer more slowly than emulators on the loopback. */
const WAITS_MS = 100;

/** US dollars for the duration of one invocation. */
export function pricePerInvocation({
  memoryMiB,
  storageMiB,
  milliseconds,
}: Omit<FunctionUsage, 'invocationsPerBatch'>): number {
  const slowdown = Math.max(1, WHOLE_CPU_MIB / memoryMiB);
  const duration = (milliseconds * slowdown + WAITS_MS) / 1000;
  return (
    duration * (memoryMiB / 1024) * PRICES.lambdaGigabyteSecond +
    duration * (storageMiB / 1024) * PRICES.lambdaStorageGigabyteSecond
  );
}

/** The assumptions about a day. Everything else is measured. */
export interface Load {
  readonly batchesPerDay: number;
  /** How long a job runs at the provider. Every sweep of that time checks it. */
  readonly jobHours: number;
  /** Bytes of one batch. */
  readonly inputBytes: number;
  readonly resultBytes: number;
  /** How long results are kept. */
  readonly retentionDays: number;
  /** How long the copies of inputs are. */
  readonly inputRetentionDays: number;
}

/** Requests to AWS that one batch without incidents takes, step by step. */
const STEPS = {
  /** Your message, three pieces of work and the outcome: each is sent, received and deleted. */
  queueRequests: 5 * 3,
  /** Your upload, the snapshot, the list of its ids, results, errors and what the processor writes. */
  objectPuts: 6,
  /** HEADs and GETs: of the upload, of the snapshot by three workers, by the processor. */
  objectGets: 2 + 3 + 3,
  /** Read units of each sweep for a running job: its row of the index `provider`, and no record. */
  readsPerSweep: 0.1,
  /** One for each status: queued, submitting, running, collecting, delivering, completed. */
  busEvents: 6,
  /**
   * Of the index `created`, which shows the status and the provider entry: the new record, and each
   * later status. Its keys never change, and a write that changes neither does not write it.
   */
  createdIndexWrites: 1 + 6,
  /** Of the index `provider`: a claim to submit, the job, its acceptance, its end, and out of the index. */
  providerIndexWrites: 5,
  /** That the input has expired, and that its copies are removed. S3 charges nothing for a removal. */
  removalWrites: 2,
} as const;

/** Processes that call the provider again and again: the sweeper and two workers. Each keeps the key. */
const READERS = 3;
const SECRET_READ_EVERY_SECONDS = SECRET_CACHE_MS / 1000;

/**
 * Lambda polls each queue of a function with five connections, each for 20 s at a time, even when
 * the queue is empty: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
 */
const POLLS_PER_QUEUE_AND_DAY = 5 * ((24 * 60 * 60) / 20);
const POLLED_QUEUES = 3;

/**
 * Requests of one sweep to the table: it takes the lock, reads four shards, the providers, the record
 * and the queue of each, and releases the lock.
 */
const SWEEP = { tableReads: 9, tableWrites: 2 } as const;

/**
 * AWS's list prices in US dollars for us-east-1, without free tiers and discounts, as of November
 * 2026. Compare them with the linked pages before relying on them: prices change.
 */
export const PRICES = {
  /** https://aws.amazon.com/lambda/pricing/: arm64, the first tier. */
  lambdaGigabyteSecond: 0.0000133334,
  lambdaInvocation: 0.2 / 1e6,
  /** For storage beyond the 512 MiB that every function has. */
  lambdaStorageGigabyteSecond: 0.0000000309,
  /** https://aws.amazon.com/sqs/pricing/: standard queues, each 64 KB of a request. */
  queueRequest: 0.4 / 1e6,
  /** https://aws.amazon.com/dynamodb/pricing/on-demand/: standard table class. */
  tableWriteUnit: 0.625 / 1e6,
  tableReadUnit: 0.125 / 1e6,
  /** https://aws.amazon.com/s3/pricing/: S3 Standard. */
  objectPut: 0.005 / 1e3,
  objectGet: 0.0004 / 1e3,
  objectGigabyteMonth: 0.023,
  /** https://aws.amazon.com/eventbridge/pricing/: custom events, and Scheduler. */
  busEvent: 1 / 1e6,
  schedulerInvocation: 1 / 1e6,
  /** https://aws.amazon.com/cloudwatch/pricing/: standard logs, custom metrics, alarms, dashboards. */
  logGigabyte: 0.5,
  metricMonth: 0.3,
  alarmMonth: 0.1,
  dashboardMonth: 3,
  /** https://aws.amazon.com/ec2/pricing/on-demand/#Data_Transfer: out to the internet, the first tier. */
  internetGigabyte: 0.09,
  /** https://aws.amazon.com/xray/pricing/ */
  trace: 5 / 1e6,
  /** https://aws.amazon.com/secrets-manager/pricing/ */
  secretMonth: 0.4,
  secretRead: 0.05 / 1e4,
} as const;
