import { join } from 'node:path';
import { readJournal } from '../../simulators/engine/journal.ts';
import { inDirectory } from '../inDirectory.ts';
import { chunksOf, requestLine } from '../inputs/lines.ts';
import { RUNS } from '../statistics.ts';
import { logOf, startsIn } from './logs.ts';
import { INTERVAL_SECONDS, type RunningStack, runStack, until } from './runningStack.ts';
import { waitForTick } from './ticks.ts';
import { type Usage, usageOf } from './usage.ts';

/** The batch that latencies and costs are those of. */
export const REFERENCE = { requests: 1_000, lineBytes: 2_000 };

/** What was seen of one batch, in milliseconds without the waits for the schedule. */
export interface Latency {
  readonly untilCreated: number;
  readonly untilInvoked: number;
}

export interface Observed {
  readonly latencies: readonly Latency[];
  readonly usage: Usage;
}

let observed: Promise<Observed> | undefined;

/** Runs some batches through the local stack, once for all benchmarks that want to know. */
export function observeStack(): Promise<Observed> {
  observed ??= inDirectory(async (directory) => {
    const stack = await runStack(directory);
    try {
      // The first one starts the functions' processes.
      await observeBatch(stack, 'warm-up');
      const latencies: Latency[] = [];
      for (let run = 0; run < RUNS; run++) latencies.push(await observeBatch(stack, `run-${run}`));
      return { latencies, usage: await usageOf(stack, RUNS + 1, `run-${RUNS - 1}`) };
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
  const sentAt = await stack.add(batchId, Buffer.concat([...chunksOf(requestLine, REFERENCE)]));
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
