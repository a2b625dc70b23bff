import { NO_USAGE, sumUsage, type Usage } from '../batch/job.ts';
import { ACCOUNT_ROW_CODE, type Standing } from '../batch/ledger.ts';
import type { ScratchFile } from '../batch/ports.ts';
import { type Reason, shortReason } from '../batch/reason.ts';
import { parseRow, standingOfRow, usageOfRow } from './rows.ts';
import { lineSink } from './sink.ts';

/** A call per row would cost more than the row. */
const WINDOW_BYTES = 64 * 1024;

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
  /** The first row that says that the account was refused. */
  readonly accountRefusal: Reason | undefined;
  /** Tokens of all rows: they are paid for, whatever they say. */
  readonly usage: Usage;
  /** Whether every success tells its tokens. */
  readonly isMetered: boolean;
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
  let usage = NO_USAGE;
  let isMetered = true;
  let foreign = 0;
  let accountRefusal: Reason | undefined;
  let offset = file.bytes;
  for await (const bytes of source) {
    const row = parseRow(bytes);
    const standing = standingOfRow(row);
    const used = usageOfRow(row);
    if (used) usage = sumUsage(usage, used);
    else if (standing === 'succeeded') isMetered = false;
    const { custom_id: customId, error } = row;
    if (error?.code === ACCOUNT_ROW_CODE) accountRefusal ??= shortReason(error.code, error.message);
    if (typeof customId !== 'string') {
      foreign += 1;
      continue;
    }
    const known = rows.get(customId);
    if (known && (known.standing === 'succeeded' || standing !== 'succeeded')) continue;
    rows.set(customId, { offset, length: bytes.length, standing });
    offset += bytes.length + 1;
    if (sink.add(bytes)) await sink.flush();
  }
  await sink.flush();
  return { rows, foreign, accountRefusal, usage, isMetered, read: windowOn(file) };
}

/**
 * Reads ahead while rows are asked for in the order they lie in, as a job mostly answers in the
 * order of its input; a row from elsewhere is read alone.
 */
function windowOn(file: ScratchFile): Spool['read'] {
  let start = 0;
  let bytes: Uint8Array = Buffer.alloc(0);
  let last = 0;
  return async ({ offset, length }) => {
    const isNear = offset >= last && offset - last < WINDOW_BYTES;
    last = offset + length;
    if (offset < start || last > start + bytes.length) {
      if (!isNear) return file.read(offset, length);
      bytes = await file.read(
        offset,
        Math.min(Math.max(length, WINDOW_BYTES), file.bytes - offset),
      );
      start = offset;
    }
    // A copy, because a view would keep the whole window alive.
    return Buffer.from(bytes.subarray(offset - start, last - start));
  };
}
