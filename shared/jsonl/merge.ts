import { type FailureGroup, FailureTally } from '../batch/failures.ts';
import type { Counts, RowOutcome, Selection } from '../batch/ledger.ts';
import { failureOf } from './failureOf.ts';
import { type IdSources, isSelected, joinedIds, type KnownRow } from './join.ts';
import { type ByteTarget, lineSink } from './lines.ts';
import { classifyRow, errorRow, parseRow } from './rows.ts';
import { RowWriter } from './rowWriter.ts';
import type { Spool } from './spool.ts';

/** The error of a request without a row. */
interface MissingError {
  readonly code: string;
  readonly message: string;
}

export interface MergeRules {
  /** The requests that the job included. */
  readonly selection: Selection;
  /**
   * The error of a request that the job included and has no row for. Called once all rows of the job are
   * known, and before the merge ends: it may throw.
   */
  conclude(): MissingError;
  /** The id that a `custom_id` has in the job's rows. Default: the `custom_id` itself. */
  readonly referenceOf?: ((customId: string) => string) | undefined;
  /** Set if there was no job: each request keeps the row that it has. */
  readonly keepPrevious: boolean;
}

/**
 * Merges the rows of a job into the rows of earlier jobs. Writes each request of the input exactly
 * once, in the order of the input: to `results` if it has succeeded, now or before, else to
 * `errors`. A row is written as soon as those of the requests before it are, while others still come.
 *
 * @returns the ledger, the errors by code, and the number of the job's rows that belong to none of its
 *   requests
 */
export async function mergeRows(
  sources: IdSources,
  spool: Spool,
  targets: { readonly results: ByteTarget; readonly errors: ByteTarget },
  rules: MergeRules,
): Promise<Merged & { readonly foreign: number }> {
  const { selection, referenceOf = itself } = rules;
  const writer = new RowWriter(spool, targets);
  const ledger: Record<RowOutcome, number> = { succeeded: 0, failed: 0, unfinished: 0 };
  let missing: MissingError | undefined;
  const conclude = async () => {
    await spool.readAll();
    missing ??= rules.conclude();
    return missing;
  };
  let matched = 0;
  let position = -1;
  for await (const group of joinedIds(sources)) {
    for (const joined of group) {
      const { customId } = joined;
      const reference = referenceOf(customId);
      const isSent = isSelected(joined, selection);
      if (isSent) position += 1;
      let named = isSent ? spool.rows.get(reference) : undefined;
      while (isSent && !named && !spool.isComplete) {
        await spool.readMore();
        named = spool.rows.get(reference);
      }
      const error = isSent && !named ? await conclude() : undefined;
      const spooled = named ?? (error && spool.positioned.get(String(position)));
      if (spooled) matched += 1;
      const { outcome, row } = spooled
        ? { outcome: spooled.outcome, row: spooled }
        : withoutNewRow(joined, error, rules);
      ledger[outcome] += 1;
      const isRenamed = spooled !== undefined && (named === undefined || reference !== customId);
      if (writer.add({ outcome, row, customId: isRenamed ? customId : undefined }))
        await writer.flush();
    }
  }
  await conclude();
  await writer.close();
  const total = ledger.succeeded + ledger.failed + ledger.unfinished;
  const found = spool.rows.size + spool.positioned.size;
  const foreign = spool.foreign + found - matched;
  return { counts: { total, ...ledger }, failureGroups: writer.failures.groups(), foreign };
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

/** @param missing undefined for a request that the job did not include: it keeps its row */
function withoutNewRow(
  { customId, result, error }: KnownRow,
  missing: MissingError | undefined,
  { keepPrevious }: MergeRules,
): { readonly outcome: RowOutcome; readonly row: Uint8Array } {
  if (result) return { outcome: 'succeeded', row: result };
  const row = missing && !(keepPrevious && error) ? errorRow(customId, missing) : error;
  if (!row) throw new Error('a request that the job did not include has no row');
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
