import type { Batch } from '../batch/batch.ts';
import type { ScratchFile } from '../batch/ports.ts';
import { type JoinedRow, joinedGroups, type RowSources } from './join.ts';
import { parseRow, standingOfRow } from './rows.ts';
import { lineSink } from './sink.ts';

export type Selection = Batch['selection'];

/** Whether a request goes into the next job: never one that has succeeded. */
export function isSelected({ result, error }: JoinedRow, selection: Selection): boolean {
  if (result) return false;
  if (!error || selection === 'unsucceeded') return true;
  return standingOfRow(parseRow(error)) === 'unfinished';
}

/**
 * Writes the requests of the next job to a file on disk, with one LF after each.
 *
 * @returns how many there are
 */
export async function selectRequests(
  sources: RowSources,
  selection: Selection,
  file: ScratchFile,
): Promise<{ readonly requests: number }> {
  const sink = lineSink(file);
  let requests = 0;
  for await (const group of joinedGroups(sources)) {
    for (const row of group) {
      if (!isSelected(row, selection)) continue;
      requests += 1;
      if (sink.add(row.request)) await sink.flush();
    }
  }
  await sink.close();
  return { requests };
}
