import type { Counts } from '../batch/batch.ts';
import type { Standing } from '../batch/ledger.ts';
import { type JoinedRow, joinRows, type RowSources } from './join.ts';
import { errorRow, parseRow, standingOfRow } from './rows.ts';
import { isSelected, type Selection } from './select.ts';
import { lineSink } from './sink.ts';
import type { Spool } from './spool.ts';

interface Target {
  write(chunk: Uint8Array): Promise<unknown>;
}

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
  const results = lineSink(targets.results);
  const errors = lineSink(targets.errors);
  const ledger: Record<Standing, number> = { succeeded: 0, failed: 0, unfinished: 0 };
  let matched = 0;
  for await (const joined of joinRows(sources)) {
    const { customId } = joined;
    const reference = referenceOf(customId);
    const spooled = isSelected(joined, selection) ? spool.rows.get(reference) : undefined;
    if (spooled) matched += 1;
    const { standing, bytes } = spooled
      ? { standing: spooled.standing, bytes: named(await spool.read(spooled), customId, reference) }
      : withoutNewRow(joined, rules);
    ledger[standing] += 1;
    const sink = standing === 'succeeded' ? results : errors;
    if (sink.add(bytes)) await sink.flush();
  }
  await results.flush();
  await errors.flush();
  const total = ledger.succeeded + ledger.failed + ledger.unfinished;
  return { counts: { total, ...ledger }, foreign: spool.foreign + spool.rows.size - matched };
}

function itself(customId: string): string {
  return customId;
}

/** The row under the request's own id. */
function named(row: Uint8Array, customId: string, reference: string): Uint8Array {
  if (reference === customId) return row;
  return Buffer.from(JSON.stringify({ ...parseRow(row), custom_id: customId }));
}

function withoutNewRow(
  joined: JoinedRow,
  { selection, missing, keepPrevious }: MergeRules,
): { readonly standing: Standing; readonly bytes: Uint8Array } {
  const { customId, result, error } = joined;
  if (result) return { standing: 'succeeded', bytes: result };
  const keeps = keepPrevious || !isSelected(joined, selection);
  const bytes = error && keeps ? error : errorRow(customId, missing);
  return { standing: standingOfRow(parseRow(bytes)), bytes };
}
