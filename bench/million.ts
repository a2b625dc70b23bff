import '../local/assertNode.js';
import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import { findHandlerNames } from '../local/stackSettings.ts';
import { realObjectStore } from '../shared/aws/objectStore.ts';
import { lineGroups } from '../shared/jsonl/lines.ts';
import { megabytes } from './harness/figures.ts';
import { chunksOf, customIdOf, requestLine } from './harness/inputs.ts';
import { inDirectory } from './harness/servers.ts';
import { type RunningStack, runStack } from './runningStack.ts';

/** Sends a million requests through the whole local stack, and checks that each has its row. */

/** The most requests that OpenAI accepts in one batch. */
const BATCH = { requests: 50_000, lineBytes: 500 };
/** Timeouts of a minute and a half and more, on a machine that does all of it at once. */
const TIME_SCALE = 0.1;
/** Longest that all of it may take, in milliseconds. */
const TIMEOUT_MS = 2 * 60 * 60_000;

const { values } = parseArgs({ options: { requests: { type: 'string', default: '1000000' } } });
const batches = Math.ceil(Number(values.requests) / BATCH.requests);
if (!(batches >= 1)) throw new Error(`--requests is a number, not ${values.requests}`);

await inDirectory(async (directory) => {
  const stack = await runStack(directory, {}, TIME_SCALE);
  try {
    await measure(stack);
  } finally {
    await stack.stop();
  }
});
process.exit();

async function measure(stack: RunningStack): Promise<void> {
  const ids = Array.from({ length: batches }, (_, index) => `million-${index}`);
  const startedAt = Date.now();
  for (const batchId of ids) await stack.add(batchId, chunksOf(requestLine, BATCH));
  const addedAt = Date.now();
  for (const batchId of ids) await stack.reached(batchId, 'completed', TIMEOUT_MS);
  const endedAt = Date.now();
  const processes = processesBelow(process.pid);
  let rows = 0;
  for (const batchId of ids) rows += await checkedRows(stack, batchId);
  const requests = batches * BATCH.requests;
  const seconds = (from: number, until: number) => `${Math.round((until - from) / 1000)} s`;
  print(`${count(requests)} requests in ${batches} batches, ${count(rows)} rows checked`);
  print(`  ${seconds(startedAt, endedAt)}, of which adding ${seconds(startedAt, addedAt)}`);
  print(`  ${count((1000 * requests) / (endedAt - startedAt))} requests a second`);
  for (const { name, peakBytes } of processes)
    print(`  ${`${Math.round(megabytes(peakBytes))} MB`.padStart(9)}  ${name}`);
}

/**
 * @returns the number of rows of the batch
 * @throws Error unless each request has one row, in order, that succeeded
 */
async function checkedRows(stack: RunningStack, batchId: string): Promise<number> {
  const { bucket } = findHandlerNames(stack.resources);
  const objects = realObjectStore(stack.clients.s3, { bucket, inputBuckets: [] });
  const record = await stack.record(batchId);
  if (!('rows' in record) || !record.rows) throw new Error(`${batchId} has no rows`);
  let index = 0;
  for await (const group of lineGroups(objects.read(record.rows.results)))
    for (const { bytes } of group) {
      const row = JSON.parse(Buffer.from(bytes).toString()) as { readonly custom_id?: string };
      const expected = customIdOf(index++);
      if (row.custom_id !== expected)
        throw new Error(`${batchId} has the row of ${row.custom_id} in place of ${expected}`);
    }
  if (index !== BATCH.requests) throw new Error(`${batchId} has only ${index} rows`);
  return index;
}

interface Process {
  readonly name: string;
  /** The most memory that it has ever held. */
  readonly peakBytes: number;
}

/** This process and those that it started, the largest first. They all live until the stack is stopped. */
function processesBelow(root: number): readonly Process[] {
  const known = new Set([root]);
  const found: Process[] = [processOf(root)];
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  for (const pid of pids.map(Number).sort((one, other) => one - other)) {
    const parent = /^PPid:\s+(\d+)/m.exec(contentOf(pid, 'status'))?.[1];
    if (parent === undefined || !known.has(Number(parent))) continue;
    known.add(pid);
    found.push(processOf(pid));
  }
  return found.sort((one, other) => other.peakBytes - one.peakBytes);
}

function processOf(pid: number): Process {
  const [, kilobytes = 0] = /^VmHWM:\s+(\d+) kB/m.exec(contentOf(pid, 'status')) ?? [];
  const [, lambda] =
    /(?:^|\0)AWS_LAMBDA_FUNCTION_NAME=([^\0]*)/.exec(contentOf(pid, 'environ')) ?? [];
  const [, script = ''] = contentOf(pid, 'cmdline')
    .split('\0')
    .filter((part) => !part.startsWith('--'));
  return { name: lambda ?? basename(script), peakBytes: Number(kilobytes) * 1024 };
}

/** Empty if the process has ended. */
function contentOf(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}

function count(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
