import { type Reason, shortReason } from '../batch/errors.ts';
import { NO_USAGE, sumUsage, type Usage } from '../batch/job.ts';
import {
  ACCOUNT_ROW_CODE,
  BILLED_ROW_ID,
  type RowOutcome,
  UNREADABLE_ROW,
} from '../batch/ledger.ts';
import type { ScratchFile } from '../batch/ports.ts';
import { lineSink, withOneId } from './lines.ts';
import { RowScanner } from './rowScan.ts';
import { classifyRow, type DecidingFields, isAnswered, isObject, usageOfRow } from './rows.ts';
import { type FileSpan, readInPlace } from './scratch.ts';
import { brokenRows, type PositionedRow, readOutputLine } from './unreadable.ts';

/** The rows of a job on disk, readable in the order of the input. */
export interface Spool {
  readonly rows: Pick<SpooledRows, 'get' | 'size'>;
  /** Rows that name their requests only by their positions in the job, by the position as a text. */
  readonly positioned: Pick<SpooledRows, 'get' | 'size'>;
  /** The number of lines that hold no answer. */
  readonly foreign: number;
  /** The number of requests whose row cannot be read. They have rows that say so. */
  readonly unreadable: number;
  /** The number of rows that name no request, although each may be the answer to one. */
  readonly nameless: number;
  /** The number of rows that show that a request was answered, however the answer can be used. */
  readonly answers: number;
  /** The first row that says that the account was refused. */
  readonly accountRefusal: Reason | undefined;
  /** Tokens of all rows. They are billed, whatever the row says. */
  readonly usage: Usage;
  /** Whether every answer reports its tokens. */
  readonly isMetered: boolean;
  /** Reads the bytes of these rows, and returns them in the same order. */
  read(rows: readonly SpooledRow[]): Promise<readonly Uint8Array[]>;
}

/**
 * Writes the rows of a job, which come in any order, to disk and indexes them: memory grows with
 * the number of requests, not with their size. Of two rows for one request it keeps the succeeded
 * one, else the first that can be read. A row that cannot be read costs at most its own request.
 */
export async function spoolRows(
  source: AsyncIterable<readonly Uint8Array[]>,
  file: ScratchFile,
): Promise<Spool> {
  const rows = new SpooledRows();
  const positioned = new SpooledRows();
  const sink = lineSink(file);
  const totals = new RowTotals();
  const scanner = new RowScanner();
  /** Ids, and positions as numbers. */
  const unreadable = new Set<string | number>();
  let foreign = 0;
  let nameless = 0;
  let answers = 0;
  let offset = file.bytes;

  /** @returns whether the caller should flush */
  function add(bytes: Uint8Array, row: DecidingFields): boolean {
    const outcome = classifyRow(row);
    totals.add(row, outcome);
    if (row.id === BILLED_ROW_ID) return false;
    const { custom_id: customId } = row;
    if (isAnswered(row)) answers += 1;
    if (typeof customId !== 'string') {
      if (!isPositioned(row)) {
        nameless += 1;
        return false;
      }
      if (codeOf(row) === UNREADABLE_ROW) unreadable.add(row.position);
      positioned.set(String(row.position), { offset, length: bytes.length, outcome });
      offset += bytes.length + 1;
      return sink.add(bytes);
    }
    const known = rows.get(customId);
    const isKept = known?.outcome === 'succeeded' || outcome !== 'succeeded';
    if (known && isKept && !unreadable.has(customId)) return false;
    if (codeOf(row) === UNREADABLE_ROW) unreadable.add(customId);
    else unreadable.delete(customId);
    rows.set(customId, { offset, length: bytes.length, outcome });
    offset += bytes.length + 1;
    return sink.add(bytes);
  }

  for await (const group of source) {
    for (const received of group) {
      const scanned = scanner.scan(received);
      if (scanned) {
        if (add(received, scanned)) await sink.flush();
        continue;
      }
      const line = readOutputLine(received);
      if (line.holds === 'object') {
        if (add(withOneId(line.bytes, line.value), line.value)) await sink.flush();
      } else if (line.holds === 'empty') foreign += 1;
      else
        for (const row of brokenRows(line.text, 'custom_id', (id) => id))
          if (add(row, JSON.parse(row.toString()))) await sink.flush();
    }
  }
  await sink.close();
  const { accountRefusal, usage } = totals;
  const isMetered = totals.isMetered && unreadable.size === 0 && nameless === 0;
  return {
    ...{ rows, positioned, foreign, nameless, accountRefusal, usage, isMetered },
    unreadable: unreadable.size,
    answers: answers + nameless,
    read: (wanted) => readInPlace(file, wanted),
  };
}

function isPositioned(row: DecidingFields): row is PositionedRow {
  return 'position' in row && typeof row.position === 'number';
}

/**
 * The rows of a job with this many requests. Positions count only if there is one row for each
 * request: if one were missing, the others would answer the wrong requests.
 */
export function withPositions(spool: Spool, requests: number): Spool {
  const { rows, positioned, nameless } = spool;
  if (positioned.size === 0 || rows.size + positioned.size === requests) return spool;
  return { ...spool, positioned: new SpooledRows(), nameless: nameless + positioned.size };
}

function codeOf({ error }: DecidingFields): unknown {
  return isObject(error) ? error.code : undefined;
}

/** The position of a row on disk, and its request's outcome. */
export interface SpooledRow extends FileSpan {
  readonly outcome: RowOutcome;
}

const OUTCOMES: readonly RowOutcome[] = ['succeeded', 'failed', 'unfinished'];
const FIRST_CAPACITY = 64;

/**
 * The position of each request's row. Kept in arrays of numbers, because an object for each of some
 * 100,000 rows would take twice the memory, and the garbage collector's time.
 */
export class SpooledRows {
  readonly #positions = new Map<string, number>();
  #offsets = new Float64Array(FIRST_CAPACITY);
  #lengths = new Uint32Array(FIRST_CAPACITY);
  #outcomes = new Uint8Array(FIRST_CAPACITY);

  get size(): number {
    return this.#positions.size;
  }

  get(reference: string): SpooledRow | undefined {
    const position = this.#positions.get(reference);
    if (position === undefined) return undefined;
    return {
      offset: this.#offsets[position] as number,
      length: this.#lengths[position] as number,
      outcome: OUTCOMES[this.#outcomes[position] as number] as RowOutcome,
    };
  }

  /** Replaces the row that the reference had before, if any. */
  set(reference: string, { offset, length, outcome }: SpooledRow): void {
    const position = this.#positions.get(reference) ?? this.#positions.size;
    if (position === this.#offsets.length) this.#grow();
    this.#positions.set(reference, position);
    this.#offsets[position] = offset;
    this.#lengths[position] = length;
    this.#outcomes[position] = OUTCOMES.indexOf(outcome);
  }

  #grow(): void {
    const [offsets, lengths, outcomes] = [this.#offsets, this.#lengths, this.#outcomes];
    const capacity = offsets.length * 2;
    this.#offsets = new Float64Array(capacity);
    this.#offsets.set(offsets);
    this.#lengths = new Uint32Array(capacity);
    this.#lengths.set(lengths);
    this.#outcomes = new Uint8Array(capacity);
    this.#outcomes.set(outcomes);
  }
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
    if (codeOf(row) === ACCOUNT_ROW_CODE)
      this.accountRefusal ??= shortReason(
        ACCOUNT_ROW_CODE,
        String((row.error as { message?: unknown }).message ?? 'the provider gave no message'),
      );
  }
}
