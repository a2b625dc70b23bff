import { runRequests } from '../jobs/runRequests.ts';
import { LineWriter } from '../lineWriter.ts';
import type { PlanWord } from '../plan.ts';
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
 * killed half way can be done again.
 */
export async function writeOutput(order: OutputOrder, signal: AbortSignal): Promise<Written> {
  const output = await LineWriter.create(order.outputPath);
  const errors = await LineWriter.create(order.errorPath);
  const notRun = NOT_RUN[order.leftover];
  const usage = { inputTokens: 0, outputTokens: 0 };
  let succeeded = 0;
  let failed = 0;
  try {
    for await (const { id, line, verdict, hash, bytes } of runRequests(
      { ...order, idOf },
      signal,
    )) {
      const inputTokens = estimateTokens(bytes);
      const body = line.body as Readonly<Record<string, unknown>>;
      const request = { ...order, customId: id, body, verdict, hash, inputTokens, notRun };
      const { row, outputTokens } = rowOf(request);
      if (verdict === 'succeeded') {
        succeeded += 1;
        usage.inputTokens += inputTokens;
        usage.outputTokens += outputTokens;
        await output.write(JSON.stringify(row));
      } else {
        if (verdict !== 'not_run') failed += 1;
        await errors.write(JSON.stringify(row));
      }
    }
  } finally {
    for (const writer of [output, errors]) await writer.close();
  }
  return { outputBytes: output.bytes, errorBytes: errors.bytes, succeeded, failed, usage };
}

function idOf({ custom_id: customId }: Readonly<Record<string, unknown>>): string {
  return String(customId);
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
