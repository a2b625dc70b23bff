import type { Counts } from '../batch/batch.ts';
import { lineGroups } from './lines.ts';
import { errorRow, parseRow } from './rows.ts';
import { lineSink, type Target } from './sink.ts';

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
