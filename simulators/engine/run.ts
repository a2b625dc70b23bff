import { open } from 'node:fs/promises';
import { hashOf, runningOrder } from './content.ts';
import { LineWriter, readLines } from './lines.ts';
import { type PlannedOutcome, type Verdict, verdictOf } from './plan.ts';
import type { JobRecord, JobResult } from './timeline.ts';

/** A line of a job's input, parsed. */
export type InputLine = Readonly<Record<string, unknown>>;

export interface RunOrder {
  readonly inputPath: string;
  readonly outcome: PlannedOutcome;
  /** How many of the requests were run. */
  readonly ran: number;
  readonly salt: number;
  /** The id of the request on a line, as its sender knows it. */
  idOf(line: InputLine): string;
  /** The file for the ids of the requests that succeeded. */
  readonly succeededPath: string;
}

/** One request of a job. */
export interface RunRequest {
  readonly id: string;
  readonly line: InputLine;
  readonly verdict: Verdict;
  /** The hash of the line, so that equal requests get equal replies. */
  readonly hash: number;
  /** The length of the line. */
  readonly bytes: number;
}

/** Makes the running order of a job differ from that of another job with the same input. */
export function saltOf({ group, position }: Pick<JobRecord, 'group' | 'position'>): number {
  return hashOf(`${group} ${position}`);
}

/**
 * Yields the requests of a job in the order in which they run, each with its verdict. The same
 * order yields the same requests, so that a run that was killed half way can be repeated. Memory
 * holds one line and 24 bytes per request.
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
      const verdict = verdictOf(order.outcome, rank, order.ran, lines.length);
      yield { id, line, verdict, hash: hashes[index] ?? 0, bytes };
      if (verdict === 'succeeded') await succeededIds.write(JSON.stringify(id));
    }
  } finally {
    await succeededIds.close();
  }
}

/** How a request that was run ended, and what it cost. */
export interface RowCost {
  readonly hasFailed: boolean;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** Failed requests cost nothing. */
export const FAILED_ROW: RowCost = { hasFailed: true, inputTokens: 0, outputTokens: 0 };

/** What writing a job's output adds up to. */
export type JobOutput = Omit<JobResult, 'at'>;

/** The output of a job that ran none of its requests. */
export const NO_OUTPUT: JobOutput = {
  succeeded: 0,
  failed: 0,
  usage: { inputTokens: 0, outputTokens: 0 },
};

/**
 * Writes the row of each request and adds up what they cost.
 *
 * @param write returns undefined for a request that was not run
 */
export async function writeRows(
  requests: AsyncIterable<RunRequest>,
  write: (request: RunRequest) => Promise<RowCost | undefined>,
): Promise<JobOutput> {
  const usage = { inputTokens: 0, outputTokens: 0 };
  let succeeded = 0;
  let failed = 0;
  for await (const request of requests) {
    const cost = await write(request);
    if (cost === undefined) continue;
    if (cost.hasFailed) failed += 1;
    else succeeded += 1;
    usage.inputTokens += cost.inputTokens;
    usage.outputTokens += cost.outputTokens;
  }
  return { succeeded, failed, usage };
}

/** A row of a job's output and what it cost. */
export interface OutputRow extends RowCost {
  readonly row: object;
}

/** A request that was run. */
type ExecutedRequest = RunRequest & { readonly verdict: Exclude<Verdict, 'not_run'> };

/** Writes the rows of a job to one file. A request that was not run has no row. */
export async function writeOutputFile(
  path: string,
  requests: AsyncIterable<RunRequest>,
  rowOf: (request: ExecutedRequest) => OutputRow,
): Promise<JobOutput & { readonly bytes: number }> {
  const file = await LineWriter.create(path);
  try {
    const output = await writeRows(requests, async ({ verdict, ...request }) => {
      if (verdict === 'not_run') return undefined;
      const { row, ...cost } = rowOf({ ...request, verdict });
      await file.write(JSON.stringify(row));
      return cost;
    });
    await file.close();
    return { ...output, bytes: file.bytes };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Writes the ids of the requests of an input, one JSON string a line, and counts them. */
export async function writeIds(
  path: string,
  lines: AsyncIterable<{ readonly bytes: Buffer }>,
  idOf: RunOrder['idOf'],
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
