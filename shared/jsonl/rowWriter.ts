import type { Standing } from '../batch/ledger.ts';
import { parseRow } from './rows.ts';
import { lineSink, type Target } from './sink.ts';
import type { Spool } from './spool.ts';
import type { SpooledRow } from './spooledRows.ts';

/** A row on its way into one of the two files. */
interface Outgoing {
  readonly standing: Standing;
  /** Its bytes, or where they lie in the spool. */
  readonly row: Uint8Array | SpooledRow;
  /** The id that it shall have, if the job named it by another. */
  readonly customId: string | undefined;
}

/** Rows are gathered up to this many bytes, so that the spool is read in large pieces. */
const GROUP_BYTES = 2 * 1024 * 1024;
/** And up to this many, whose bookkeeping takes memory too. */
const GROUP_ROWS = 2_048;

/** Writes rows, in the order in which they come, to the file that they belong in. */
export class RowWriter {
  readonly #spool: Spool;
  readonly #results: ReturnType<typeof lineSink>;
  readonly #errors: ReturnType<typeof lineSink>;
  #group: Outgoing[] = [];
  #bytes = 0;

  constructor(spool: Spool, targets: { readonly results: Target; readonly errors: Target }) {
    this.#spool = spool;
    this.#results = lineSink(targets.results);
    this.#errors = lineSink(targets.errors);
  }

  /** Adds a row; true when it is time to flush. */
  add(outgoing: Outgoing): boolean {
    this.#group.push(outgoing);
    this.#bytes += outgoing.row.length;
    return this.#bytes >= GROUP_BYTES || this.#group.length >= GROUP_ROWS;
  }

  async flush(): Promise<void> {
    const group = this.#group;
    this.#group = [];
    this.#bytes = 0;
    const spooled = group.map(({ row }) => row).filter((row): row is SpooledRow => !isBytes(row));
    const bytesRead = (await this.#spool.read(spooled)).values();
    for (const { standing, row, customId } of group) {
      const bytes = isBytes(row) ? row : (bytesRead.next().value as Uint8Array);
      const sink = standing === 'succeeded' ? this.#results : this.#errors;
      if (sink.add(customId === undefined ? bytes : named(bytes, customId))) await sink.flush();
    }
  }

  /** Resolves when everything has been written. */
  async close(): Promise<void> {
    await this.flush();
    await this.#results.close();
    await this.#errors.close();
  }
}

function isBytes(row: Uint8Array | SpooledRow): row is Uint8Array {
  return row instanceof Uint8Array;
}

/** The row under another id. */
function named(row: Uint8Array, customId: string): Uint8Array {
  return Buffer.from(JSON.stringify({ ...parseRow(row), custom_id: customId }));
}
