import type { Usage } from '../batch/job.ts';
import type { Standing } from '../batch/ledger.ts';
import type { ScratchFile } from '../batch/ports.ts';
import { parseRow, standingOfRow, usageOfRow } from './rows.ts';
import { lineSink } from './sink.ts';

/** Where a row lies on disk, and what it says. */
interface SpooledRow {
  readonly offset: number;
  readonly length: number;
  readonly standing: Standing;
}

/** The rows of a job on disk, to be read in the order of the input. */
export interface Spool {
  readonly rows: ReadonlyMap<string, SpooledRow>;
  /** Rows that name no request. */
  readonly foreign: number;
  /** Tokens of all rows: they are paid for, whatever they say. */
  readonly usage: Usage;
  read(row: SpooledRow): Promise<Uint8Array>;
}

/**
 * Puts the rows of a job, which come in any order, onto disk with an index: memory grows with the
 * number of requests, not with their size. Of two rows for one request, a success is kept, else
 * the first.
 *
 * @throws Error for a row that is no JSON: a file that was cut must not pass for a whole one
 */
export async function spoolRows(
  source: AsyncIterable<Uint8Array>,
  file: ScratchFile,
): Promise<Spool> {
  const rows = new Map<string, SpooledRow>();
  const sink = lineSink(file);
  const usage = { inputTokens: 0, outputTokens: 0, totalTokens: 0 };
  let foreign = 0;
  let offset = file.bytes;
  for await (const bytes of source) {
    const row = parseRow(bytes);
    const { inputTokens, outputTokens } = usageOfRow(row);
    usage.inputTokens += inputTokens;
    usage.outputTokens += outputTokens;
    const { custom_id: customId } = row;
    if (typeof customId !== 'string') {
      foreign += 1;
      continue;
    }
    const standing = standingOfRow(row);
    if (rows.has(customId) && standing !== 'succeeded') continue;
    rows.set(customId, { offset, length: bytes.length, standing });
    offset += bytes.length + 1;
    if (sink.add(bytes)) await sink.flush();
  }
  await sink.flush();
  usage.totalTokens = usage.inputTokens + usage.outputTokens;
  return { rows, foreign, usage, read: (row) => file.read(row.offset, row.length) };
}
