import type { BatchInfo } from '../../shared/client/index.ts';
import { createLiveLines } from '../../shared/terminal/liveLines.ts';
import type { CliContext } from '../context.ts';
import { painter, widthOf } from '../terminal/output.ts';
import { tableLines } from '../terminal/table.ts';
import { finishedRequests, statusStyle } from '../text.ts';
import { changeLine, watchColumns, whyText } from './rows.ts';

/** Shows batches that are being watched. */
export interface Board {
  update(batch: BatchInfo): void;
  /** Writes a line of its own. */
  note(text: string): void;
}

/**
 * A live table on a terminal; elsewhere a line, or a JSON object, for every change.
 *
 * @param batchIds in the order of the table
 */
export function createBoard(
  context: CliContext,
  batchIds: readonly string[],
  json: boolean,
): Board {
  const { stdout } = context;
  if (json) return plainBoard(context, (batch) => JSON.stringify(batch));
  return stdout.isTTY === true ? liveBoard(context, batchIds) : plainBoard(context, changeLine);
}

function plainBoard({ stdout, stderr }: CliContext, text: (batch: BatchInfo) => string): Board {
  const shown = new Map<string, string>();
  return {
    update(batch) {
      const state = stateOf(batch);
      if (shown.get(batch.batchId) === state) return;
      shown.set(batch.batchId, state);
      stdout.write(`${text(batch)}\n`);
    },
    note: (line) => stderr.write(`${line}\n`),
  };
}

/** A change worth a line: of status, or a tenth of the requests. */
function stateOf(batch: BatchInfo): string {
  const { status, statusAt, counts } = batch;
  const tenth = counts.total > 0 ? Math.floor((10 * finishedRequests(batch)) / counts.total) : 0;
  return `${status} ${statusAt} ${tenth}`;
}

function liveBoard({ stdout, now }: CliContext, batchIds: readonly string[]): Board {
  const live = createLiveLines(stdout);
  const paint = painter(stdout);
  const batches = new Map<string, BatchInfo>();
  const explained = new Set<string>();
  /** In full and for good: the table has room for its first words at best. */
  const explainEnd = (batch: BatchInfo): void => {
    const why = batch.endedAt === undefined ? '' : whyText(batch);
    if (why === '' || explained.has(batch.batchId)) return;
    explained.add(batch.batchId);
    live.note(`${batch.batchId} ${paint(statusStyle(batch), batch.status)}: ${why}`);
  };
  return {
    update(batch) {
      batches.set(batch.batchId, batch);
      explainEnd(batch);
      const rows = batchIds.flatMap((id) => batches.get(id) ?? []);
      live.draw(tableLines(watchColumns(now()), rows, widthOf(stdout) - 1, paint));
    },
    note: live.note,
  };
}
