import type { Counts, RowOutcome } from '../batch/ledger.ts';
import {
  isSelected,
  type JoinedRow,
  joinedGroups,
  type RowSources,
  type Selection,
} from './join.ts';
import { lineGroups } from './lines.ts';
import { classifyRow, errorRow, parseRow } from './rows.ts';
import { lineSink, type Target } from './sink.ts';
import type { Spool, SpooledRow } from './spool.ts';

export interface MergeRules {
  /** Which requests the job was sent. */
  readonly selection: Selection;
  /** What is said of a request that the job was sent and has no row for. */
  readonly missing: { readonly code: string; readonly message: string };
  /** What stands for a `custom_id` in the job's rows. Default: the id itself. */
  readonly referenceOf?: ((customId: string) => string) | undefined;
  /** There was no job: a request keeps the row that it has. */
  readonly keepPrevious: boolean;
}

/**
 * Merges the rows of a job into the rows so far. Each request of the input is written exactly
 * once, in the order of the input: to `results` if it has succeeded, now or before, else to
 * `errors`.
 *
 * @returns the ledger, and how many of the job's rows belong to no request that it was sent
 */
export async function mergeRows(
  sources: RowSources,
  spool: Spool,
  targets: { readonly results: Target; readonly errors: Target },
  rules: MergeRules,
): Promise<{ readonly counts: Counts; readonly foreign: number }> {
  const { selection, referenceOf = itself } = rules;
  const writer = new RowWriter(spool, targets);
  const ledger: Record<RowOutcome, number> = { succeeded: 0, failed: 0, unfinished: 0 };
  let matched = 0;
  for await (const group of joinedGroups(sources)) {
    for (const joined of group) {
      const { customId } = joined;
      const reference = referenceOf(customId);
      const spooled = isSelected(joined, selection) ? spool.rows.get(reference) : undefined;
      if (spooled) matched += 1;
      const { standing, row } = spooled
        ? { standing: spooled.standing, row: spooled }
        : withoutNewRow(joined, rules);
      ledger[standing] += 1;
      const isRenamed = spooled !== undefined && reference !== customId;
      if (writer.add({ standing, row, customId: isRenamed ? customId : undefined }))
        await writer.flush();
    }
  }
  await writer.close();
  const total = ledger.succeeded + ledger.failed + ledger.unfinished;
  return { counts: { total, ...ledger }, foreign: spool.foreign + spool.rows.size - matched };
}

function itself(customId: string): string {
  return customId;
}

function withoutNewRow(
  joined: JoinedRow,
  { selection, missing, keepPrevious }: MergeRules,
): { readonly standing: RowOutcome; readonly row: Uint8Array } {
  const { customId, result, error } = joined;
  if (result) return { standing: 'succeeded', row: result };
  const keeps = keepPrevious || !isSelected(joined, selection);
  const row = error && keeps ? error : errorRow(customId, missing);
  return { standing: classifyRow(parseRow(row)), row };
}

/** A part, in the order of the input. */
export interface MergedPart {
  readonly counts: Counts;
  /** Absent if the part has none: each of its requests gets an error row. */
  readonly rows:
    | { readonly results: AsyncIterable<Uint8Array>; readonly errors: AsyncIterable<Uint8Array> }
    | undefined;
  readonly requests: AsyncIterable<Uint8Array>;
}

/**
 * Puts the rows of the parts together: each part's are in the order of its requests, so one after
 * the other they are in the order of the input.
 *
 * @param missing what is said of a request of a part that has no rows
 * @returns the ledger of the whole
 */
export async function mergeParts(
  parts: AsyncIterable<MergedPart>,
  targets: { readonly results: Target; readonly errors: Target },
  missing: { readonly code: string; readonly message: string },
): Promise<Counts> {
  const sum = { total: 0, succeeded: 0, failed: 0, unfinished: 0 };
  for await (const { counts, rows, requests } of parts) {
    if (rows) {
      for await (const chunk of rows.results) await targets.results.write(chunk);
      for await (const chunk of rows.errors) await targets.errors.write(chunk);
    } else await writeMissing(requests, targets.errors, missing);
    sum.total += counts.total;
    sum.succeeded += rows ? counts.succeeded : 0;
    sum.failed += rows ? counts.failed : 0;
    sum.unfinished += rows ? counts.unfinished : counts.total;
  }
  return sum;
}

async function writeMissing(
  requests: AsyncIterable<Uint8Array>,
  errors: Target,
  missing: { readonly code: string; readonly message: string },
): Promise<void> {
  const sink = lineSink(errors);
  for await (const group of lineGroups(requests)) {
    for (const { bytes } of group)
      if (sink.add(errorRow(String(parseRow(bytes).custom_id), missing))) await sink.flush();
  }
  await sink.close();
}

/** A row on its way into one of the two files. */
interface Outgoing {
  readonly standing: RowOutcome;
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
