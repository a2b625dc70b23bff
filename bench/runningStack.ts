import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { createBatchReader } from '../local/batches.ts';
import type { Clients } from '../local/emulators/emulators.ts';
import { startStack } from '../local/stack.ts';
import { findHandlerNames } from '../local/stackSettings.ts';
import { synthesize } from '../local/synthesize.ts';
import { type Assembly, readAssembly } from '../local/template/assembly.ts';
import type { StackResources } from '../local/template/resources.ts';
import { realObjectStore } from '../shared/aws/objectStore.ts';
import { sendBatchMessage } from '../shared/aws/queues.ts';
import type { StateChange } from '../shared/batch/contracts.ts';
import { uploadKey } from '../shared/batch/ids.ts';
import type { Batch } from '../shared/batch/record.ts';
import type { Status } from '../shared/batch/status.ts';

/** Time between two sweeps, and duration of a simulated job. */
export const INTERVAL_SECONDS = 1;
/** Shortens the waits of the policy by as much as its minute between sweeps. */
const TIME_SCALE = INTERVAL_SECONDS / 60;
/** Longest that a batch may take from one status to another, in milliseconds. */
const TIMEOUT_MS = 60_000;
const POLL_EVERY_MS = 5;

const ROOT = join(import.meta.dirname, '..');

/** A schedule that fires at once and then at a fixed interval, as that of the local run does. */
export interface Ticks {
  /** When it first fired, in milliseconds since 1970. */
  readonly firstAt: number;
  readonly intervalMs: number;
}

/** The whole stack on this machine, in front of the simulator of OpenAI's API. */
export interface RunningStack {
  readonly dataDirectory: string;
  readonly assembly: Assembly;
  readonly resources: StackResources;
  readonly clients: Clients;
  readonly ticks: Ticks;
  /** Adds a batch and returns when its message was sent, in milliseconds since 1970. */
  add(batchId: string, requests: Iterable<Buffer>): Promise<number>;
  /** Waits until the batch has the status; returns since when, in milliseconds since 1970. */
  reached(batchId: string, status: Status, timeoutMs?: number): Promise<number>;
  record(batchId: string): Promise<Batch>;
  stop(): Promise<void>;
}

/**
 * @param settings beside the provider. Default: none
 * @param timeScale factor on the waits and timeouts. Default: as the time between sweeps is to a minute
 */
export async function runStack(
  dataDirectory: string,
  settings: object = {},
  timeScale: number = TIME_SCALE,
): Promise<RunningStack> {
  const assembly = await readAssembly(await synthesize(ROOT, 'openai', () => {}, settings));
  const changes: StateChange[] = [];
  const stack = await startStack(assembly, {
    dataDirectory,
    intervalSeconds: INTERVAL_SECONDS,
    timeScale,
    port: 0,
    plan: ['completed'],
    environment: {},
    onEvent: ({ Detail: detail }) => void changes.push(JSON.parse(detail)),
  });
  const ticks = { firstAt: Date.now(), intervalMs: INTERVAL_SECONDS * 1000 };
  const names = findHandlerNames(stack.resources);
  const reader = createBatchReader(stack.clients.dynamodb, names.table);
  const queueUrl = stack.resources.queues.find(({ name }) => name === names.batchQueue)?.url ?? '';
  return {
    dataDirectory,
    assembly,
    resources: stack.resources,
    clients: stack.clients,
    ticks,
    stop: stack.stop,
    add: (batchId, requests) =>
      addRequests(stack.clients, { bucket: names.bucket, queueUrl }, batchId, requests),
    reached(batchId, status, timeoutMs) {
      const find = () => {
        const change = changes.find((one) => one.batchId === batchId && one.to === status);
        return change && Date.parse(change.at);
      };
      return until(`${batchId} is ${status}`, find, timeoutMs);
    },
    async record(batchId) {
      const batch = await reader.get(batchId);
      if (batch) return batch;
      throw new Error(`there is no record of ${batchId}`);
    },
  };
}

/**
 * Adds a batch as a user of the stack does: the file into the bucket, a message into the queue.
 *
 * @returns when the message was sent, in milliseconds since 1970
 */
async function addRequests(
  { s3, sqs }: Pick<Clients, 's3' | 'sqs'>,
  { bucket, queueUrl }: { readonly bucket: string; readonly queueUrl: string },
  batchId: string,
  requests: Iterable<Buffer>,
): Promise<number> {
  // In parts, since the emulator refuses a large object in one.
  const writer = realObjectStore(s3, { bucket, inputBuckets: [] }).writer(uploadKey(batchId));
  for (const chunk of requests) await writer.write(chunk);
  await writer.close();
  const sentAt = Date.now();
  await sendBatchMessage(sqs, queueUrl, { batchId });
  return sentAt;
}

/** Asks until there is an answer, and returns it. */
export async function until<T>(
  what: string,
  ask: () => Promise<T | undefined> | T | undefined,
  timeoutMs: number = TIMEOUT_MS,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  while (Date.now() < deadline) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    await wait(POLL_EVERY_MS);
  }
  throw new Error(`timed out waiting until ${what}`);
}
