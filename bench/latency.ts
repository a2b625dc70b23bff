import { join } from 'node:path';
import { readJournal } from '../simulators/engine/journal.ts';
import { atMost, type Benchmark, figure, median, RUNS } from './harness/figures.ts';
import { chunksOf, requestLine } from './harness/inputs.ts';
import { inDirectory } from './harness/servers.ts';
import {
  INTERVAL_SECONDS,
  type RunningStack,
  runStack,
  type Ticks,
  until,
} from './runningStack.ts';
import { logOf, metricsOf, startsIn, type Usage, untilSwept, usageOf } from './usage.ts';

/** The batch that latency and cost are measured with. */
export const REFERENCE = { requests: 1_000, lineBytes: 2_000 };

/** Latencies of one batch in milliseconds, without the waits for the schedule. */
interface Latency {
  readonly untilCreated: number;
  readonly untilInvoked: number;
}

interface Observed {
  readonly latencies: readonly Latency[];
  readonly usage: Usage;
}

export const latencyBenchmark: Benchmark = {
  name: 'latency',
  title: 'Latency of a batch in the whole local stack, beyond the wait for the schedule',
  async run() {
    const { latencies } = await observeStack();
    const seconds = (part: keyof Latency) => median(latencies.map((one) => one[part])) / 1000;
    const created = seconds('untilCreated');
    const invoked = seconds('untilInvoked');
    const more = { goal: atMost(2) };
    return [
      figure('latency-message-to-job', 'message sent → job created', created, 's', more),
      figure('latency-done-to-processor', 'job done → processor invoked', invoked, 's', more),
    ];
  },
};

let observed: Promise<Observed> | undefined;

/** Runs batches through the local stack, once for all benchmarks that need it. */
export function observeStack(): Promise<Observed> {
  observed ??= inDirectory(async (directory) => {
    const stack = await runStack(directory);
    try {
      await untilSwept(stack, 3);
      const idleMetrics = metricsOf(stack).size;
      // The first batch starts the functions' processes.
      await observeBatch(stack, 'warm-up');
      const latencies: Latency[] = [];
      for (let run = 0; run < RUNS; run++) latencies.push(await observeBatch(stack, `run-${run}`));
      return { latencies, usage: await usageOf(stack, RUNS + 1, `run-${RUNS - 1}`, idleMetrics) };
    } finally {
      await stack.stop();
    }
  });
  return observed;
}

async function observeBatch(stack: RunningStack, batchId: string): Promise<Latency> {
  const processor = stack.resources.functions.find(({ name }) => /Processor/.test(name));
  const invocations = () => startsIn(logOf(stack.dataDirectory, processor?.name ?? ''));
  const before = invocations();
  const sentAt = await stack.add(batchId, chunksOf(requestLine, REFERENCE));
  const createdAt = await createdTime(stack, batchId);
  const invokedAt = await until('the processor is invoked', () =>
    invocations() > before ? Date.now() : undefined,
  );
  await stack.reached(batchId, 'completed');
  const queuedAt = await stack.reached(batchId, 'queued');
  const doneAt = createdAt + INTERVAL_SECONDS * 1000;
  return {
    untilCreated: createdAt - sentAt - waitForTick(stack.ticks, queuedAt),
    untilInvoked: invokedAt - doneAt - waitForTick(stack.ticks, doneAt),
  };
}

function createdTime({ dataDirectory }: RunningStack, batchId: string): Promise<number> {
  const directory = join(dataDirectory, 'simulators', 'openai');
  return until(`the job of ${batchId} is created`, async () => {
    const { jobs } = await readJournal(directory);
    return jobs.find(({ batch }) => batch === batchId)?.createdAt;
  });
}

/** How long something that is ready at `readyAt` waits for the schedule, in milliseconds. */
export function waitForTick({ firstAt, intervalMs }: Ticks, readyAt: number): number {
  const since = Math.max(0, readyAt - firstAt);
  return firstAt + Math.ceil(since / intervalMs) * intervalMs - readyAt;
}
