import type { Counts } from '../batch/batch.ts';
import type { Standing } from '../batch/ledger.ts';
import { type JoinedRow, joinedGroups, type RowSources } from './join.ts';
import { errorRow, parseRow, standingOfRow } from './rows.ts';
import { RowWriter } from './rowWriter.ts';
import { isSelected, type Selection } from './select.ts';
import type { Target } from './sink.ts';
import type { Spool } from './spool.ts';

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
  const ledger: Record<Standing, number> = { succeeded: 0, failed: 0, unfinished: 0 };
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
): { readonly standing: Standing; readonly row: Uint8Array } {
  const { customId, result, error } = joined;
  if (result) return { standing: 'succeeded', row: result };
  const keeps = keepPrevious || !isSelected(joined, selection);
  const row = error && keeps ? error : errorRow(customId, missing);
  return { standing: standingOfRow(parseRow(row)), row };
}
