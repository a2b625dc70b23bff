import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { DocumentStore } from './documents.ts';
import type { Settlement } from './jobs.ts';
import { LineWriter, readLines } from './lines.ts';
import { hashOf, type PlanWord, runningOrder, type Verdict, verdictOf } from './plan.ts';

export interface RunOrder {
  readonly inputPath: string;
  readonly word: PlanWord;
  /** How many of the requests were run. */
  readonly ran: number;
  /** Another one gives another order of the rows. */
  readonly salt: number;
  /** The id of the request on a line, as its sender knows it. */
  idOf(line: Readonly<Record<string, unknown>>): string;
  /** Gets the ids of what succeeded. */
  readonly succeededPath: string;
}

/** One request of a job, in the order in which they were run. */
export interface RunRequest {
  readonly id: string;
  /** Its line of the input, parsed. */
  readonly line: Readonly<Record<string, unknown>>;
  readonly verdict: Verdict;
  /** Of its line: an equal request gets an equal answer. */
  readonly hash: number;
  readonly bytes: number;
}

/**
 * The requests of a job with what becomes of each. The same order gives the same ones, so a run
 * that was killed half way can be done again. Memory holds one line and 24 bytes per request.
 */
export async function* runRequests(
  order: RunOrder,
  signal: AbortSignal,
): AsyncGenerator<RunRequest> {
  const lines: { offset: number; bytes: number }[] = [];
  const hashes: number[] = [];
  for await (const { offset, bytes } of readLines(order.inputPath, signal)) {
    lines.push({ offset, bytes: bytes.length });
    hashes.push(hashOf(bytes));
  }
  await using input = await open(order.inputPath);
  const succeededIds = await LineWriter.create(order.succeededPath);
  try {
    for (const [rank, index] of runningOrder(hashes, order.salt).entries()) {
      signal.throwIfAborted();
      const { offset, bytes } = lines[index] ?? { offset: 0, bytes: 0 };
      const { buffer } = await input.read(Buffer.alloc(bytes), 0, bytes, offset);
      const line = JSON.parse(buffer.toString());
      const id = order.idOf(line);
      const verdict = verdictOf(order.word, rank, order.ran, lines.length);
      yield { id, line, verdict, hash: hashes[index] ?? 0, bytes };
      if (verdict === 'succeeded') await succeededIds.write(JSON.stringify(id));
    }
  } finally {
    await succeededIds.close();
  }
}

/** What a job writes for a request that was run. */
export interface OutputLine {
  readonly line: object;
  readonly hasFailed: boolean;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** A request that was run. */
type Ran = RunRequest & { readonly verdict: Exclude<Verdict, 'not_run'> };

/** What is refused costs nothing. */
export function refusedLine(line: object): OutputLine {
  return { line, hasFailed: true, inputTokens: 0, outputTokens: 0 };
}

/** Writes the lines of a job's output; a request that was not run has none. */
export async function writeLines(
  path: string,
  requests: AsyncIterable<RunRequest>,
  lineOf: (request: Ran) => OutputLine,
): Promise<Omit<Settlement, 'at'> & { readonly bytes: number }> {
  const output = await LineWriter.create(path);
  const usage = { inputTokens: 0, outputTokens: 0 };
  let succeeded = 0;
  let failed = 0;
  try {
    for await (const { verdict, ...request } of requests) {
      if (verdict === 'not_run') continue;
      const { line, hasFailed, inputTokens, outputTokens } = lineOf({ ...request, verdict });
      if (hasFailed) failed += 1;
      else succeeded += 1;
      usage.inputTokens += inputTokens;
      usage.outputTokens += outputTokens;
      await output.write(JSON.stringify(line));
    }
  } finally {
    await output.close();
  }
  return { succeeded, failed, usage, bytes: output.bytes };
}

interface Taken {
  readonly id: string;
  readonly sequence: number;
  readonly count: number;
}

/**
 * How far each group is in the plan, where that is more than its number of jobs: a provider that
 * refuses a create call uses up a word without a job.
 */
export class Positions {
  readonly #taken: DocumentStore<Taken>;

  constructor(dataDir: string) {
    this.#taken = new DocumentStore(join(dataDir, 'positions'));
  }

  /** The group's next position, from 0; it is used up by this. */
  take(group: string): number {
    const id = group.replaceAll(/[^\w.-]/g, '_');
    const { sequence = this.#taken.nextSequence(), count = 0 } = this.#taken.get(id) ?? {};
    this.#taken.save({ id, sequence, count: count + 1 });
    return count;
  }
}

/** Writes the id of each request of an input, and tells how many there are. */
export async function writeIds(
  path: string,
  lines: AsyncIterable<{ readonly bytes: Buffer }>,
  idOf: (line: Readonly<Record<string, unknown>>) => string,
): Promise<number> {
  const ids = await LineWriter.create(path);
  let requests = 0;
  try {
    for await (const { bytes } of lines) {
      requests += 1;
      await ids.write(JSON.stringify(idOf(JSON.parse(bytes.toString()))));
    }
  } finally {
    await ids.close();
  }
  return requests;
}
