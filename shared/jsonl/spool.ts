import { type Reason, shortReason } from '../batch/errors.ts';
import { NO_USAGE, sumUsage, type Usage } from '../batch/job.ts';
import { ACCOUNT_ROW_CODE, type RowOutcome } from '../batch/ledger.ts';
import type { ScratchFile } from '../batch/ports.ts';
import { withOneId } from './lines.ts';
import { classifyRow, parseRow, type ResultRow, usageOfRow } from './rows.ts';
import { lineSink } from './sink.ts';

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
      const standing = classifyRow(row);
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

/** Where a row lies on disk, and what it says. */
export interface SpooledRow extends Place {
  readonly standing: RowOutcome;
}

const STANDINGS: readonly RowOutcome[] = ['succeeded', 'failed', 'unfinished'];
const FIRST_CAPACITY = 64;

/**
 * Where the row of each request lies. In arrays of numbers: an object for each of some 100,000 rows
 * would take twice the memory, and the garbage collector's time.
 */
export class SpooledRows {
  readonly #positions = new Map<string, number>();
  #offsets = new Float64Array(FIRST_CAPACITY);
  #lengths = new Uint32Array(FIRST_CAPACITY);
  #standings = new Uint8Array(FIRST_CAPACITY);

  get size(): number {
    return this.#positions.size;
  }

  get(reference: string): SpooledRow | undefined {
    const position = this.#positions.get(reference);
    if (position === undefined) return undefined;
    return {
      offset: this.#offsets[position] as number,
      length: this.#lengths[position] as number,
      standing: STANDINGS[this.#standings[position] as number] as RowOutcome,
    };
  }

  /** Takes the place of the row that the reference has had, if any. */
  set(reference: string, { offset, length, standing }: SpooledRow): void {
    const position = this.#positions.get(reference) ?? this.#positions.size;
    if (position === this.#offsets.length) this.#grow();
    this.#positions.set(reference, position);
    this.#offsets[position] = offset;
    this.#lengths[position] = length;
    this.#standings[position] = STANDINGS.indexOf(standing);
  }

  #grow(): void {
    const [offsets, lengths, standings] = [this.#offsets, this.#lengths, this.#standings];
    const capacity = offsets.length * 2;
    this.#offsets = new Float64Array(capacity);
    this.#offsets.set(offsets);
    this.#lengths = new Uint32Array(capacity);
    this.#lengths.set(lengths);
    this.#standings = new Uint8Array(capacity);
    this.#standings.set(standings);
  }
}

/** Where something lies in a file, in bytes. */
export interface Place {
  readonly offset: number;
  readonly length: number;
}

/** Most that is read at once, unless one piece is larger. */
const MAX_RUN_BYTES = 1024 * 1024;
/** Reading so many bytes for nothing costs less than another call. */
const MAX_GAP_BYTES = 8 * 1024;

/**
 * Reads pieces of a file in the order in which they lie, neighbours together: few calls where they
 * lie nearly in the order in which they are asked for, and never much more than they hold.
 *
 * @returns the pieces in the order in which they are asked for
 */
export async function readInPlace(
  file: ScratchFile,
  places: readonly Place[],
): Promise<readonly Uint8Array[]> {
  const pieces: Uint8Array[] = new Array(places.length);
  for (const run of runsOf(places)) {
    const bytes = await file.read(run.start, run.end - run.start);
    for (const index of run.members) {
      const { offset, length } = places[index] as Place;
      pieces[index] = bytes.subarray(offset - run.start, offset - run.start + length);
    }
  }
  return pieces;
}

interface Run {
  readonly start: number;
  end: number;
  /** Positions among what is asked for. */
  readonly members: number[];
}

function runsOf(places: readonly Place[]): readonly Run[] {
  const runs: Run[] = [];
  let run: Run | undefined;
  const inFileOrder = [...places.entries()].sort(([, one], [, other]) => one.offset - other.offset);
  for (const [index, { offset, length }] of inFileOrder) {
    const end = offset + length;
    const joins =
      run !== undefined && offset - run.end <= MAX_GAP_BYTES && end - run.start <= MAX_RUN_BYTES;
    if (run === undefined || !joins) {
      run = { start: offset, end, members: [] };
      runs.push(run);
    }
    run.end = end;
    run.members.push(index);
  }
  return runs;
}

/** What all rows of a job say together. */
export class Tally {
  /** Tokens of all rows: they are paid for, whatever they say. */
  usage: Usage = NO_USAGE;
  /** Whether every success tells its tokens. */
  isMetered = true;
  /** The first row that says that the account was refused. */
  accountRefusal: Reason | undefined;

  add(row: Partial<ResultRow>, standing: RowOutcome): void {
    const used = usageOfRow(row);
    if (used) this.usage = sumUsage(this.usage, used);
    else if (standing === 'succeeded') this.isMetered = false;
    const { error } = row;
    if (error?.code === ACCOUNT_ROW_CODE)
      this.accountRefusal ??= shortReason(error.code, error.message);
  }
}
