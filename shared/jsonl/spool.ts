import type { Usage } from '../batch/job.ts';
import type { ScratchFile } from '../batch/ports.ts';
import type { Reason } from '../batch/reason.ts';
import { withOneId } from './customId.ts';
import { readInPlace } from './readInPlace.ts';
import { parseRow, standingOfRow } from './rows.ts';
import { lineSink } from './sink.ts';
import { type SpooledRow, SpooledRows } from './spooledRows.ts';
import { Tally } from './tally.ts';

/** The rows of a job on disk, to be read in the order of the input. */
export interface Spool {
  readonly rows: Pick<SpooledRows, 'get' | 'size'>;
  /** Rows that name no request. */
  readonly foreign: number;
  /** The first row that says that the account was refused. */
  readonly accountRefusal: Reason | undefined;
  /** Tokens of all rows: they are paid for, whatever they say. */
  readonly usage: Usage;
  /** Whether every success tells its tokens. */
  readonly isMetered: boolean;
  /** The bytes of rows, in the order in which they are asked for. */
  read(rows: readonly SpooledRow[]): Promise<readonly Uint8Array[]>;
}

/**
 * Puts the rows of a job, which come in any order, onto disk with an index: memory grows with the
 * number of requests, not with their size. Of two rows for one request, a success is kept, else
 * the first.
 *
 * @throws Error for a row that is no JSON: a file that was cut must not pass for a whole one
 */
export async function spoolRows(
  source: AsyncIterable<readonly Uint8Array[]>,
  file: ScratchFile,
): Promise<Spool> {
  const rows = new SpooledRows();
  const sink = lineSink(file);
  const tally = new Tally();
  let foreign = 0;
  let offset = file.bytes;
  for await (const group of source) {
    for (const received of group) {
      const row = parseRow(received);
      const standing = standingOfRow(row);
      tally.add(row, standing);
      const { custom_id: customId } = row;
      if (typeof customId !== 'string') {
        foreign += 1;
        continue;
      }
      const known = rows.get(customId);
      if (known && (known.standing === 'succeeded' || standing !== 'succeeded')) continue;
      const bytes = withOneId(received, row, customId);
      rows.set(customId, { offset, length: bytes.length, standing });
      offset += bytes.length + 1;
      if (sink.add(bytes)) await sink.flush();
    }
  }
  await sink.close();
  const { accountRefusal, usage, isMetered } = tally;
  return {
    ...{ rows, foreign, accountRefusal, usage, isMetered },
    read: (wanted) => readInPlace(file, wanted),
  };
}
