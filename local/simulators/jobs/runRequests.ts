import { open } from 'node:fs/promises';
import { hashOf } from '../chance.ts';
import { readLines } from '../lines.ts';
import { LineWriter } from '../lineWriter.ts';
import type { PlanWord } from '../plan.ts';
import { runningOrder, type Verdict, verdictOf } from '../verdicts.ts';

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
