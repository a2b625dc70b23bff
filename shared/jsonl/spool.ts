import { type Reason, shortReason } from '../batch/errors.ts';
import { NO_USAGE, sumUsage, type Usage } from '../batch/job.ts';
import {
  ACCOUNT_ROW_CODE,
  BILLED_ROW_ID,
  type RowOutcome,
  UNREADABLE_ROW,
} from '../batch/ledger.ts';
import { withOneId } from './lines.ts';
import { RowScanner } from './rowScan.ts';
import { classifyRow, type DecidingFields, isAnswered, isObject, usageOfRow } from './rows.ts';
import { type SpooledRow, SpooledRows } from './spooledRows.ts';
import { brokenRows, type PositionedRow, readOutputLine } from './unreadable.ts';
import type { RowWindow } from './window.ts';

/** The order of the rows decides about one of them, so they must be read in theirs and before any is written. */
export class OrderError extends Error {
  override readonly name = 'OrderError';
}

/**
 * The rows of a job, which come in any order. Memory grows with the number of requests, not with their
 * size. Of two rows for one request it keeps the succeeded one, else the first that can be read. A row
 * that cannot be read costs at most its own request.
 */
export class Spool {
  /** By `custom_id`. */
  readonly rows = new SpooledRows();
  /** Rows that name their requests only by their positions in the job, by the position as a text. */
  positioned = new SpooledRows();
  /** The number of lines that hold no answer. */
  foreign = 0;
  /** The number of rows that name no request, although each may be the answer to one. */
  nameless = 0;
  /** Whether all rows have been read. */
  isComplete = false;
  readonly #source: AsyncIterator<readonly Uint8Array[]>;
  readonly #window: RowWindow;
  readonly #isInAnyOrder: boolean;
  readonly #scanner = new RowScanner();
  readonly #totals = new RowTotals();
  /** Ids, and positions as numbers. */
  readonly #unreadable = new Set<string | number>();
  #answers = 0;

  /**
   * @param source its rows are read as they are asked for
   * @param isInAnyOrder whether the files of the job are read in another order than theirs. Then it
   *   throws a LateRowError where their order decides: at a second row of a request
   */
  constructor(
    source: AsyncIterable<readonly Uint8Array[]>,
    window: RowWindow,
    isInAnyOrder = false,
  ) {
    this.#source = source[Symbol.asyncIterator]();
    this.#window = window;
    this.#isInAnyOrder = isInAnyOrder;
  }

  /** The number of requests whose row cannot be read. They have rows that say so. */
  get unreadable(): number {
    return this.#unreadable.size;
  }

  /** The number of rows that show that a request was answered, however the answer can be used. */
  get answers(): number {
    return this.#answers + this.nameless;
  }

  /** The first row that says that the account was refused. */
  get accountRefusal(): Reason | undefined {
    return this.#totals.accountRefusal;
  }

  /** Tokens of all rows. They are billed, whatever the row says. */
  get usage(): Usage {
    return this.#totals.usage;
  }

  /** Whether every answer reports its tokens. */
  get isMetered(): boolean {
    return this.#totals.isMetered && this.unreadable === 0 && this.nameless === 0;
  }

  /** Reads more rows, if there are more. */
  async readMore(): Promise<void> {
    const { done, value: group } = await this.#source.next();
    if (done) {
      this.isComplete = true;
      return;
    }
    for (const row of group) {
      // Awaited only where there is something to wait for: an await per row would cost too much.
      const scanned = this.#scanner.scan(row);
      if (!scanned) await this.#parse(row);
      else if (this.#window.hasRoom(row.length)) this.#add(row, scanned);
      else await this.#addToFull(row, scanned);
    }
  }

  async readAll(): Promise<this> {
    while (!this.isComplete) await this.readMore();
    return this;
  }

  /** Closes the source, if it was not read to its end. */
  async close(): Promise<void> {
    if (!this.isComplete) await this.#source.return?.();
  }

  /**
   * Says how many requests the job has. Positions count only if there is one row for each request: if
   * one were missing, the others would answer the wrong requests.
   */
  checkPositions(requests: number): void {
    const { size } = this.positioned;
    if (size === 0 || this.rows.size + size === requests) return;
    this.nameless += size;
    this.positioned = new SpooledRows();
  }

  /** The bytes of a row, unless it is in the file. */
  inMemory(row: SpooledRow): Uint8Array | undefined {
    return this.#window.inMemory(row);
  }

  /** Reads the bytes of these rows, and returns them in the same order. */
  read(rows: readonly SpooledRow[]): Promise<readonly Uint8Array[]> {
    return this.#window.read(rows);
  }

  /** Says that a row was written. */
  release(row: SpooledRow): void {
    this.#window.release(row);
  }

  async #parse(received: Uint8Array): Promise<void> {
    const line = readOutputLine(received);
    if (line.holds === 'empty') this.foreign += 1;
    else if (line.holds === 'object')
      await this.#addToFull(withOneId(line.bytes, line.value), line.value);
    else
      for (const row of brokenRows(line.text, 'custom_id', (id) => id))
        await this.#addToFull(row, JSON.parse(row.toString()));
  }

  async #addToFull(bytes: Uint8Array, row: DecidingFields): Promise<void> {
    if (!this.#window.hasRoom(bytes.length)) await this.#window.makeRoom(bytes.length);
    this.#add(bytes, row);
  }

  #add(bytes: Uint8Array, row: DecidingFields): void {
    const outcome = classifyRow(row);
    this.#totals.add(row, outcome);
    const refusal = this.#isInAnyOrder ? accountRefusalIn(row) : undefined;
    if (refusal && refusal.message !== this.accountRefusal?.message)
      throw new OrderError('the account was refused in two ways');
    if (row.id === BILLED_ROW_ID) return;
    if (isAnswered(row)) this.#answers += 1;
    const isUnreadable = codeOf(row) === UNREADABLE_ROW;
    const added = { bytes, outcome, isUnreadable };
    if (typeof row.custom_id === 'string') this.#put(this.rows, row.custom_id, added);
    else if (isPositioned(row)) this.#put(this.positioned, row.position, added);
    else this.nameless += 1;
  }

  #put(
    rows: SpooledRows,
    reference: string | number,
    { bytes, outcome, isUnreadable }: Added,
  ): void {
    const name = String(reference);
    const known = rows.positionOf(name);
    if (known !== undefined) {
      if (this.#isInAnyOrder) throw new OrderError('a request has two rows');
      const isKept = rows.outcomeAt(known) === 'succeeded' || outcome !== 'succeeded';
      if (isKept && !this.#unreadable.has(reference)) return;
      this.#window.release(rows.at(known));
      this.#unreadable.delete(reference);
    }
    if (isUnreadable) this.#unreadable.add(reference);
    const place = this.#window.add(bytes);
    if (known === undefined) rows.add(name, place, outcome);
    else rows.replace(known, place, outcome);
  }
}

/** A row to be kept. */
interface Added {
  readonly bytes: Uint8Array;
  readonly outcome: RowOutcome;
  readonly isUnreadable: boolean;
}

function isPositioned(row: DecidingFields): row is PositionedRow {
  return 'position' in row && typeof row.position === 'number';
}

function codeOf({ error }: DecidingFields): unknown {
  return isObject(error) ? error.code : undefined;
}

/** Totals over all rows of a job. */
export class RowTotals {
  /** Tokens of all rows. They are billed, whatever the row says. */
  usage: Usage = NO_USAGE;
  /** Whether every succeeded row reports its tokens. */
  isMetered = true;
  /** The first row that says that the account was refused. */
  accountRefusal: Reason | undefined;

  add(row: DecidingFields, outcome: RowOutcome): void {
    const used = usageOfRow(row);
    if (used) this.usage = sumUsage(this.usage, used);
    else if (outcome === 'succeeded') this.isMetered = false;
    this.accountRefusal ??= accountRefusalIn(row);
  }
}

function accountRefusalIn({ error }: DecidingFields): Reason | undefined {
  if (!isObject(error) || error.code !== ACCOUNT_ROW_CODE) return undefined;
  const message = String(error.message ?? 'the provider gave no message');
  return shortReason(ACCOUNT_ROW_CODE, message);
}
