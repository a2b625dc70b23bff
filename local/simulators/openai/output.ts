import { open } from 'node:fs/promises';
import { hashOf } from '../chance.ts';
import { readLines } from '../lines.ts';
import { LineWriter } from '../lineWriter.ts';
import type { PlanWord } from '../plan.ts';
import { runningOrder, verdictOf } from '../verdicts.ts';
import { estimateTokens } from './quota.ts';
import { rowOf } from './rows.ts';

export interface OutputOrder {
  readonly inputPath: string;
  readonly endpoint: string;
  readonly word: PlanWord;
  /** How many of the requests were run. */
  readonly ran: number;
  /** Another one gives another order of the rows. */
  readonly salt: number;
  /** Unix seconds, for the replies. */
  readonly created: number;
  /** How the job left the requests that were not run. */
  readonly leftover: 'expired' | 'cancelled';
  readonly outputPath: string;
  readonly errorPath: string;
  /** Gets the `custom_id`s of what succeeded. */
  readonly succeededPath: string;
}

export interface Written {
  readonly outputBytes: number;
  readonly errorBytes: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly usage: { readonly inputTokens: number; readonly outputTokens: number };
}

/**
 * Writes a job's output and error file. The same order gives the same files, so one that was
 * killed half way can be done again. Memory holds one line and 24 bytes per request.
 */
export async function writeOutput(order: OutputOrder, signal: AbortSignal): Promise<Written> {
  const lines: { offset: number; bytes: number }[] = [];
  const hashes: number[] = [];
  for await (const { offset, bytes } of readLines(order.inputPath, signal)) {
    lines.push({ offset, bytes: bytes.length });
    hashes.push(hashOf(bytes));
  }
  await using input = await open(order.inputPath);
  const output = await LineWriter.create(order.outputPath);
  const errors = await LineWriter.create(order.errorPath);
  const succeededIds = await LineWriter.create(order.succeededPath);
  const notRun = NOT_RUN[order.leftover];
  const usage = { inputTokens: 0, outputTokens: 0 };
  let succeeded = 0;
  let failed = 0;
  try {
    for (const [rank, index] of runningOrder(hashes, order.salt).entries()) {
      signal.throwIfAborted();
      const { offset, bytes } = lines[index] ?? { offset: 0, bytes: 0 };
      const { buffer } = await input.read(Buffer.alloc(bytes), 0, bytes, offset);
      const { custom_id: customId, body } = JSON.parse(buffer.toString());
      const verdict = verdictOf(order.word, rank, order.ran, lines.length);
      const inputTokens = estimateTokens(bytes);
      const hash = hashes[index] ?? 0;
      const { row, outputTokens } = rowOf({
        ...order,
        customId,
        body,
        verdict,
        hash,
        inputTokens,
        notRun,
      });
      if (verdict === 'succeeded') {
        succeeded += 1;
        usage.inputTokens += inputTokens;
        usage.outputTokens += outputTokens;
        await output.write(JSON.stringify(row));
        await succeededIds.write(JSON.stringify(customId));
      } else {
        if (verdict !== 'not_run') failed += 1;
        await errors.write(JSON.stringify(row));
      }
    }
  } finally {
    for (const writer of [output, errors, succeededIds]) await writer.close();
  }
  return { outputBytes: output.bytes, errorBytes: errors.bytes, succeeded, failed, usage };
}

const NOT_RUN = {
  expired: {
    code: 'batch_expired',
    message: 'This request could not be executed before the completion window expired.',
  },
  cancelled: {
    code: 'batch_cancelled',
    message: 'This request could not be executed before the batch was cancelled.',
  },
};
