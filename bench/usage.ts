import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { toItem } from '../shared/stores/batchItem.ts';
import { median } from './harness/figures.ts';
import { type RunningStack, until } from './runningStack.ts';

/** What the local run used for a batch, and what the template declares: the input of the costs. */
export interface Usage {
  readonly functions: Readonly<Record<FunctionName, FunctionUsage>>;
  /** Number of writes of a batch's record. */
  readonly recordWrites: number;
  /** Size of the final record as an item. */
  readonly recordBytes: number;
  /** Log bytes for one batch, without those of the sweeper. */
  readonly logBytesPerBatch: number;
  readonly logBytesPerSweep: number;
  /** Metrics that a stack emits which batches go through. */
  readonly metrics: number;
  /** Metrics that a stack emits without any batch. */
  readonly idleMetrics: number;
  /** Metrics that alarms watch: CloudWatch charges for each, also within one alarm. */
  readonly alarms: number;
  readonly dashboards: number;
  /** Whether X-Ray traces the functions. */
  readonly isTraced: boolean;
  readonly secrets: number;
  readonly sweepsPerDay: number;
}

/** Parts of the logical ids in the template. */
const FUNCTIONS = ['Intake', 'Sweeper', 'Worker', 'Outcome', 'Processor'] as const;
type FunctionName = (typeof FUNCTIONS)[number];

export interface FunctionUsage {
  readonly memoryMiB: number;
  /** Storage beyond the size that is free. */
  readonly storageMiB: number;
  /** Median duration of a warm invocation on this machine. */
  readonly milliseconds: number;
  readonly invocationsPerBatch: number;
}

const FREE_STORAGE_MIB = 512;

/** Names of the metrics that the functions have emitted so far. */
export function metricsOf(stack: RunningStack): ReadonlySet<string> {
  const logs = FUNCTIONS.map((name) => logOf(stack.dataDirectory, nameOf(stack, name)));
  return new Set(logs.flatMap((log) => [...metricsIn(log)]));
}

/** Waits until the sweeper has run so often, however little there is to do. */
export async function untilSwept(stack: RunningStack, sweeps: number): Promise<void> {
  const name = nameOf(stack, 'Sweeper');
  await until(`${sweeps} sweeps have ended`, () =>
    durationsIn(logOf(stack.dataDirectory, name)).length >= sweeps ? true : undefined,
  );
}

/**
 * @param batches number of batches that went through the stack
 * @param batchId id of one of them
 * @param idleMetrics number of metrics that it had emitted before the first
 */
export async function usageOf(
  stack: RunningStack,
  batches: number,
  batchId: string,
  idleMetrics: number,
): Promise<Usage> {
  const logs = new Map(
    FUNCTIONS.map((name) => [name, logOf(stack.dataDirectory, nameOf(stack, name))]),
  );
  const resources = Object.values(stack.assembly.template.Resources);
  const count = (type: string) => resources.filter(({ Type }) => Type === type).length;
  const record = await stack.record(batchId);
  const item = toItem(record, {
    partitions: { due: 4, active: 1 },
    retentionSeconds: 1,
    maxAgeSeconds: 1,
  });
  const bytes = (name: FunctionName) => Buffer.byteLength(logs.get(name) ?? '');
  const workers = FUNCTIONS.filter((name) => name !== 'Sweeper');
  const sweeps = durationsIn(logs.get('Sweeper') ?? '').length;
  const functions = FUNCTIONS.map((name): [FunctionName, FunctionUsage] => {
    const durations = durationsIn(logs.get(name) ?? '');
    const { memoryMiB, storageMiB } = sizeOf(stack, name);
    const milliseconds = median(durations);
    return [
      name,
      { memoryMiB, storageMiB, milliseconds, invocationsPerBatch: durations.length / batches },
    ];
  });
  return {
    functions: Object.fromEntries(functions) as Record<FunctionName, FunctionUsage>,
    recordWrites: record.version + 1,
    recordBytes: Buffer.byteLength(JSON.stringify(item)),
    logBytesPerBatch: workers.reduce((sum, name) => sum + bytes(name), 0) / batches,
    logBytesPerSweep: bytes('Sweeper') / sweeps,
    metrics: metricsOf(stack).size,
    idleMetrics,
    alarms: resources.reduce((sum, resource) => sum + watchedBy(resource), 0),
    dashboards: count('AWS::CloudWatch::Dashboard'),
    isTraced: JSON.stringify(resources).includes('"TracingConfig":{"Mode":"Active"}'),
    secrets: count('AWS::SecretsManager::Secret'),
    sweepsPerDay: sweepsPerDay(resources),
  };
}

/** Number of metrics that an alarm watches; 0 for any other resource. */
function watchedBy({ Type, Properties }: { readonly Type: string; readonly Properties?: unknown }) {
  if (Type !== 'AWS::CloudWatch::Alarm') return 0;
  const { Metrics: queries } = Properties as { Metrics?: readonly { MetricStat?: object }[] };
  return queries?.filter(({ MetricStat: metric }) => metric !== undefined).length ?? 1;
}

function nameOf({ resources }: RunningStack, part: FunctionName): string {
  const found = resources.functions.find(({ logicalId }) => logicalId.includes(part));
  if (found) return found.name;
  throw new Error(`the stack has no function ${part}`);
}

function sizeOf(stack: RunningStack, part: FunctionName) {
  const name = nameOf(stack, part);
  const { memoryMegabytes, logicalId } = stack.resources.functions.find(
    (one) => one.name === name,
  ) as { memoryMegabytes: number; logicalId: string };
  const properties = stack.assembly.template.Resources[logicalId]?.Properties as {
    EphemeralStorage?: { Size: number };
  };
  const size = properties.EphemeralStorage?.Size ?? FREE_STORAGE_MIB;
  return { memoryMiB: memoryMegabytes, storageMiB: size - FREE_STORAGE_MIB };
}

function sweepsPerDay(
  resources: readonly { readonly Type: string; readonly Properties?: unknown }[],
): number {
  const schedule = resources.find(({ Type }) => Type === 'AWS::Scheduler::Schedule');
  const { ScheduleExpression: text = '' } = (schedule?.Properties ?? {}) as {
    ScheduleExpression?: string;
  };
  const [, minutes] = /^rate\((\d+) minutes?\)$/.exec(text) ?? [];
  if (minutes === undefined) throw new Error(`the schedule is ${text}, not a rate in minutes`);
  return (24 * 60) / Number(minutes);
}

/** The log of a function in the local run: its output, with a line before and after each invocation. */
export function logOf(dataDirectory: string, functionName: string): string {
  const path = join(dataDirectory, 'logs', `${functionName}.log`);
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

/** Number of invocations so far. */
export function startsIn(log: string): number {
  return log.match(/^START RequestId: /gm)?.length ?? 0;
}

/** Duration of each invocation, in milliseconds. */
export function durationsIn(log: string): readonly number[] {
  return [...log.matchAll(/^REPORT RequestId: \S+ Duration: (\d+) ms/gm)].map(([, text]) =>
    Number(text),
  );
}

/** The metrics that the log creates in CloudWatch: each name with each set of dimensions is one. */
export function metricsIn(log: string): ReadonlySet<string> {
  const metrics = new Set<string>();
  for (const line of log.split('\n')) {
    if (!line.includes('"CloudWatchMetrics"')) continue;
    const { _aws: embedded, ...values } = JSON.parse(line);
    for (const { Dimensions: sets, Metrics: names } of embedded.CloudWatchMetrics)
      for (const dimensions of sets)
        for (const { Name: name } of names)
          metrics.add(
            JSON.stringify([name, ...dimensions.map((key: string) => [key, values[key]])]),
          );
  }
  return metrics;
}
