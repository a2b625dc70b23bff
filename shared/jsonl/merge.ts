import { type FailureGroup, FailureTally } from '../batch/failures.ts';
import type { Counts, RowOutcome, Selection } from '../batch/ledger.ts';
import { failureOf } from './failureOf.ts';
import { isSelected, type JoinedRow, joinedGroups, type RowSources } from './join.ts';
import { type ByteTarget, lineSink } from './lines.ts';
import { classifyRow, errorRow, parseRow } from './rows.ts';
import type { Spool, SpooledRow } from './spool.ts';
import type { PositionedRow } from './unreadable.ts';

export interface MergeRules {
  /** The requests that the job included. */
  readonly selection: Selection;
  /** The error of a request that the job included and has no row for. */
  readonly missing: { readonly code: string; readonly message: string };
  /** The id that a `custom_id` has in the job's rows. Default: the `custom_id` itself. */
  readonly referenceOf?: ((customId: string) => string) | undefined;
  /** Set if there was no job: each request keeps the row that it has. */
  readonly keepPrevious: boolean;
}

/**
 * Merges the rows of a job into the rows of earlier jobs. Writes each request of the input exactly
 * once, in the order of the input: to `results` if it has succeeded, now or before, else to
 * `errors`.
 *
 * @returns the ledger, the errors by code, and the number of the job's rows that belong to none of its
 *   requests
 */
export async function mergeRows(
  sources: RowSources,
  spool: Spool,
  targets: { readonly results: ByteTarget; readonly errors: ByteTarget },
  rules: MergeRules,
): Promise<Merged & { readonly foreign: number }> {
  const { selection, referenceOf = itself } = rules;
  const writer = new RowWriter(spool, targets);
  const ledger: Record<RowOutcome, number> = { succeeded: 0, failed: 0, unfinished: 0 };
  const { rows, positioned, foreign } = spool;
  let matched = 0;
  let position = -1;
  for await (const group of joinedGroups(sources)) {
    for (const joined of group) {
      const { customId } = joined;
      const reference = referenceOf(customId);
      const isSent = isSelected(joined, selection);
      if (isSent) position += 1;
      const named = isSent ? rows.get(reference) : undefined;
      const spooled = named ?? (isSent ? positioned.get(String(position)) : undefined);
      if (spooled) matched += 1;
      const { outcome, row } = spooled
        ? { outcome: spooled.outcome, row: spooled }
        : withoutNewRow(joined, rules);
      ledger[outcome] += 1;
      const isRenamed = spooled !== undefined && (named === undefined || reference !== customId);
      if (writer.add({ outcome, row, customId: isRenamed ? customId : undefined }))
        await writer.flush();
    }
  }
  await writer.close();
  const total = ledger.succeeded + ledger.failed + ledger.unfinished;
  const found = rows.size + positioned.size;
  const counts = { total, ...ledger };
  return { counts, failureGroups: writer.failures.groups(), foreign: foreign + found - matched };
}

/** What the merged rows of a batch are. */
interface Merged {
  readonly counts: Counts;
  /** The rows of `errors` by error code. */
  readonly failureGroups: FailureGroup[];
}

function itself(customId: string): string {
  return customId;
}

function withoutNewRow(
  joined: JoinedRow,
  { selection, missing, keepPrevious }: MergeRules,
): { readonly outcome: RowOutcome; readonly row: Uint8Array } {
  const { customId, result, error } = joined;
  if (result) return { outcome: 'succeeded', row: result };
  const keeps = keepPrevious || !isSelected(joined, selection);
  const row = error && keeps ? error : errorRow(customId, missing);
  return { outcome: classifyRow(parseRow(row)), row };
}

/** A part of a batch, with its own rows. */
export interface MergedPart {
  readonly counts: Counts;
  /** Its errors by code. */
  readonly failureGroups: readonly FailureGroup[];
  /** Undefined if the part has no rows: each of its requests then gets an error row. */
  readonly rows:
    | { readonly results: AsyncIterable<Uint8Array>; readonly errors: AsyncIterable<Uint8Array> }
    | undefined;
  /** The `custom_id`s of its requests, in their order. */
  readonly ids: AsyncIterable<readonly string[]>;
}

/**
 * Concatenates the rows of the parts. Each part's rows are in the order of its requests, so the
 * result is in the order of the input.
 *
 * @param missing the error of each request of a part that has no rows
 * @returns the ledger of the whole batch, and its errors by code
 */
export async function mergeParts(
  parts: AsyncIterable<MergedPart>,
  targets: { readonly results: ByteTarget; readonly errors: ByteTarget },
  missing: { readonly code: string; readonly message: string },
): Promise<Merged> {
  const failures = new FailureTally();
  const sum = { total: 0, succeeded: 0, failed: 0, unfinished: 0 };
  for await (const { counts, failureGroups, rows, ids } of parts) {
    if (rows) {
      failures.addGroups(failureGroups);
      for await (const chunk of rows.results) await targets.results.write(chunk);
      for await (const chunk of rows.errors) await targets.errors.write(chunk);
    } else await writeMissing(ids, { errors: targets.errors, failures }, missing);
    sum.total += counts.total;
    sum.succeeded += rows ? counts.succeeded : 0;
    sum.failed += rows ? counts.failed : 0;
    sum.unfinished += rows ? counts.unfinished : counts.total;
  }
  return { counts: sum, failureGroups: failures.groups() };
}

async function writeMissing(
  ids: AsyncIterable<readonly string[]>,
  { errors, failures }: { readonly errors: ByteTarget; readonly failures: FailureTally },
  missing: { readonly code: string; readonly message: string },
): Promise<void> {
  const sink = lineSink(errors);
  for await (const group of ids) {
    for (const customId of group) {
      const row = errorRow(customId, missing);
      failures.add(failureOf(parseRow(row)), customId);
      if (sink.add(row)) await sink.flush();
    }
  }
  await sink.close();
}

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
    this.#group.push(outgoing);
    this.#bytes += outgoing.row.length;
    return this.#bytes >= FLUSH_BYTES || this.#group.length >= FLUSH_ROWS;
  }

  async flush(): Promise<void> {
    const group = this.#group;
    this.#group = [];
    this.#bytes = 0;
    const spooled = group.map(({ row }) => row).filter((row): row is SpooledRow => !isBytes(row));
    const bytesRead = (await this.#spool.read(spooled)).values();
    for (const { outcome, row, customId } of group) {
      const bytes = isBytes(row) ? row : (bytesRead.next().value as Uint8Array);
      const sink = outcome === 'succeeded' ? this.#results : this.#errors;
      if (outcome !== 'succeeded') this.#noteFailure(bytes, customId);
      if (sink.add(customId === undefined ? bytes : renamed(bytes, customId))) await sink.flush();
    }
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
