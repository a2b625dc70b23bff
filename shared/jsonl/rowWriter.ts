import { FailureTally } from '../batch/failures.ts';
import type { RowOutcome } from '../batch/ledger.ts';
import { failureOf } from './failureOf.ts';
import { type ByteTarget, lineSink } from './lines.ts';
import { parseRow } from './rows.ts';
import type { Spool } from './spool.ts';
import type { SpooledRow } from './spooledRows.ts';
import type { PositionedRow } from './unreadable.ts';

/** A row to be written to one of the two files. */
interface Outgoing {
  readonly outcome: RowOutcome;
  /** Its bytes, or their position in the spool. */
  readonly row: Uint8Array | SpooledRow;
  /** The `custom_id` to write, if the job's row has another id. */
  readonly customId: string | undefined;
}

/** Rows are collected up to this many bytes, so that the spool is read in large pieces. */
const FLUSH_BYTES = 2 * 1024 * 1024;
/** And up to this many rows, because tracking them takes memory too. */
const FLUSH_ROWS = 2_048;

/** Writes each row to the results or the errors, in the order in which rows are added. */
export class RowWriter {
  /** The errors that were written. */
  readonly failures = new FailureTally();
  readonly #spool: Spool;
  readonly #results: ReturnType<typeof lineSink>;
  readonly #errors: ReturnType<typeof lineSink>;
  /** Rows from the first one on that is not in memory. */
  #group: Outgoing[] = [];
  #bytes = 0;

  constructor(
    spool: Spool,
    targets: { readonly results: ByteTarget; readonly errors: ByteTarget },
  ) {
    this.#spool = spool;
    this.#results = lineSink(targets.results);
    this.#errors = lineSink(targets.errors);
  }

  /** Adds a row; returns true when the caller should flush. */
  add(outgoing: Outgoing): boolean {
    const { row } = outgoing;
    const bytes = isBytes(row) ? row : this.#spool.inMemory(row);
    if (this.#group.length === 0 && bytes) return this.#write(outgoing, bytes);
    this.#group.push(outgoing);
    this.#bytes += row.length;
    return this.#bytes >= FLUSH_BYTES || this.#group.length >= FLUSH_ROWS;
  }

  async flush(): Promise<void> {
    const group = this.#group;
    this.#group = [];
    this.#bytes = 0;
    const spooled = group.map(({ row }) => row).filter((row): row is SpooledRow => !isBytes(row));
    const bytesRead = (await this.#spool.read(spooled)).values();
    for (const outgoing of group) {
      const { row } = outgoing;
      const bytes = isBytes(row) ? row : (bytesRead.next().value as Uint8Array);
      if (this.#write(outgoing, bytes)) await this.#flushFull();
    }
    await this.#flushFull();
  }

  /** @returns whether a chunk is full */
  #write({ outcome, row, customId }: Outgoing, bytes: Uint8Array): boolean {
    const sink = outcome === 'succeeded' ? this.#results : this.#errors;
    if (outcome !== 'succeeded') this.#noteFailure(bytes, customId);
    const isFull = sink.add(customId === undefined ? bytes : renamed(bytes, customId));
    if (!isBytes(row)) this.#spool.release(row);
    return isFull;
  }

  async #flushFull(): Promise<void> {
    for (const sink of [this.#results, this.#errors]) if (sink.isFull) await sink.flush();
  }

  #noteFailure(bytes: Uint8Array, customId: string | undefined): void {
    const row = parseRow(bytes);
    this.failures.add(failureOf(row), customId ?? String(row.custom_id));
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

/** The row with another `custom_id`, and without a position. */
function renamed(bytes: Uint8Array, customId: string): Uint8Array {
  const { position: _, ...row }: Partial<PositionedRow> = parseRow(bytes);
  return Buffer.from(JSON.stringify({ ...row, custom_id: customId }));
}
