import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { createBatchReader } from '../../local/batches.ts';
import { findHandlerNames } from '../../local/handlerNames.ts';
import { startStack } from '../../local/stack.ts';
import { synthesize } from '../../local/synthesize.ts';
import { type Assembly, readAssembly } from '../../local/template/assembly.ts';
import type { StackResources } from '../../local/template/resources.ts';
import type { StateChange } from '../../shared/batch/contracts.ts';
import type { Batch } from '../../shared/batch/record.ts';
import type { Status } from '../../shared/batch/status.ts';
import { addRequests } from './addRequests.ts';
import type { Ticks } from './ticks.ts';

/** Between sweeps, and what a simulated job takes. */
export const INTERVAL_SECONDS = 1;
/** Waits of the policy are shortened by as much as its minute between sweeps. */
const TIME_SCALE = INTERVAL_SECONDS / 60;
/** Longest that a batch may take from one status to another, in milliseconds. */
const TIMEOUT_MS = 60_000;
const LOOK_EVERY_MS = 5;

const ROOT = join(import.meta.dirname, '..', '..');

/** The whole stack on this machine, in front of the simulator of OpenAI's API. */
export interface RunningStack {
  readonly dataDirectory: string;
  readonly assembly: Assembly;
  readonly resources: StackResources;
  readonly ticks: Ticks;
  /** Gives when the message was sent, in milliseconds since 1970. */
  add(batchId: string, requests: Buffer): Promise<number>;
  /** When the batch came into a status, in milliseconds since 1970. */
  reached(batchId: string, status: Status): Promise<number>;
  record(batchId: string): Promise<Batch>;
  stop(): Promise<void>;
}

export async function runStack(dataDirectory: string): Promise<RunningStack> {
  const assembly = await readAssembly(await synthesize(ROOT, 'openai', () => {}));
  const changes: StateChange[] = [];
  const stack = await startStack(assembly, {
    ...{ dataDirectory, intervalSeconds: INTERVAL_SECONDS, timeScale: TIME_SCALE },
    ...{ port: 0, plan: ['completed'], environment: {} },
    onEvent: ({ Detail: detail }) => void changes.push(JSON.parse(detail)),
  });
  const ticks = { firstAt: Date.now(), intervalMs: INTERVAL_SECONDS * 1000 };
  const names = findHandlerNames(stack.resources);
  const reader = createBatchReader(stack.clients.dynamodb, names.table);
  const queueUrl = stack.resources.queues.find(({ name }) => name === names.batchQueue)?.url ?? '';
  return {
    ...{ dataDirectory, assembly, resources: stack.resources, ticks, stop: stack.stop },
    add: (batchId, requests) =>
      addRequests(stack.clients, { bucket: names.bucket, queueUrl }, batchId, requests),
    reached: (batchId, status) =>
      until(`${batchId} is ${status}`, () => {
        const change = changes.find((one) => one.batchId === batchId && one.to === status);
        return change && Date.parse(change.at);
      }),
    async record(batchId) {
      const batch = await reader.get(batchId);
      if (batch) return batch;
      throw new Error(`there is no record of ${batchId}`);
    },
  };
}

/** Asks until there is an answer. */
export async function until<T>(
  what: string,
  ask: () => Promise<T | undefined> | T | undefined,
): Promise<T> {
  const deadline = Date.now() + TIMEOUT_MS;
  while (Date.now() < deadline) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    await wait(LOOK_EVERY_MS);
  }
  throw new Error(`waited in vain until ${what}`);
}
