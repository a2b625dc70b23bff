import type { FunctionUsage, Usage } from '../stack/usage.ts';
import { type Load, POLLED_QUEUES, POLLS_PER_QUEUE_AND_DAY, STEPS, SWEEP } from './load.ts';
import { PRICES } from './prices.ts';

/** Dollars a month of 30 days, by service. */
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
/** Of a read or write unit: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode.html */
const READ_UNIT_BYTES = 4096;
const WRITE_UNIT_BYTES = 1024;
/**
 * The two indexes hold little of a record. A write that moves it in one takes a unit to remove it
 * and one to add it.
 */
const INDEX_WRITE_UNITS = 3;

/** What a month costs, from what the local run has shown of a batch and a sweep. */
export function costOf(load: Load, usage: Usage): Cost {
  const batches = load.batchesPerDay * DAYS;
  const sweeps = usage.sweepsPerDay * DAYS;
  const looks = batches * load.jobHours * (usage.sweepsPerDay / 24);
  const { invocations, seconds } = lambdaOf(usage, batches, sweeps);

  const writeUnits = Math.ceil(usage.recordBytes / WRITE_UNIT_BYTES) + INDEX_WRITE_UNITS;
  const readUnits = Math.ceil(usage.recordBytes / READ_UNIT_BYTES);
  const writes = batches * usage.recordWrites * writeUnits + sweeps * SWEEP.tableWrites;
  const reads =
    (batches * usage.recordWrites + looks * STEPS.readsPerSweep) * readUnits +
    sweeps * SWEEP.tableReads;
  const polls = POLLED_QUEUES * POLLS_PER_QUEUE_AND_DAY * DAYS;
  const logBytes = batches * usage.logBytesPerBatch + sweeps * usage.logBytesPerSweep;
  // The upload, the snapshot and the results.
  const stored = load.batchesPerDay * load.retentionDays * (2 * load.inputBytes + load.resultBytes);

  return {
    Lambda: seconds + invocations * PRICES.lambdaInvocation,
    DynamoDB: writes * PRICES.tableWriteUnit + reads * PRICES.tableReadUnit,
    SQS: (batches * STEPS.queueRequests + polls) * PRICES.queueRequest,
    'S3 requests':
      batches * (STEPS.objectPuts * PRICES.objectPut + STEPS.objectGets * PRICES.objectGet),
    'S3 storage': (stored / GIGABYTE) * PRICES.objectGigabyteMonth,
    EventBridge: batches * STEPS.busEvents * PRICES.busEvent + sweeps * PRICES.schedulerInvocation,
    'CloudWatch logs': (logBytes / GIGABYTE) * PRICES.logGigabyte,
    'CloudWatch metrics': usage.metrics * PRICES.metricMonth,
    'CloudWatch alarms': usage.alarms * PRICES.alarmMonth,
    'CloudWatch dashboard': usage.dashboards * PRICES.dashboardMonth,
    'X-Ray': invocations * PRICES.trace,
    'Secrets Manager':
      usage.secrets * PRICES.secretMonth + batches * STEPS.secretReads * PRICES.secretRead,
  };
}

export function totalOf(cost: Cost): number {
  return Object.values(cost).reduce((sum, dollars) => sum + dollars, 0);
}

/** Invocations of all functions, and what their seconds cost. */
function lambdaOf(usage: Usage, batches: number, sweeps: number) {
  let invocations = 0;
  let seconds = 0;
  for (const [name, used] of Object.entries(usage.functions)) {
    const count = name === 'Sweeper' ? sweeps : batches * used.invocationsPerBatch;
    invocations += count;
    seconds += count * pricePerInvocation(used);
  }
  return { invocations, seconds };
}

/** Memory of a function with one whole CPU: https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html */
const WHOLE_CPU_MIB = 1_769;
/** AWS's services answer more slowly than emulators on the loopback: what an invocation waits. */
const WAITS_MS = 100;

function pricePerInvocation({ memoryMiB, storageMiB, milliseconds }: FunctionUsage): number {
  const slowdown = Math.max(1, WHOLE_CPU_MIB / memoryMiB);
  const duration = (milliseconds * slowdown + WAITS_MS) / 1000;
  return (
    duration * (memoryMiB / 1024) * PRICES.lambdaGigabyteSecond +
    duration * (storageMiB / 1024) * PRICES.lambdaStorageGigabyteSecond
  );
}
