import type { BatchInfo } from '../shared/client/index.ts';
import { createLiveLines } from '../shared/terminal.ts';
import type { CliContext } from './connect.ts';
import { oneLine, painter, widthOf } from './terminal/output.ts';
import { bar } from './terminal/progress.ts';
import { type Column, tableLines } from './terminal/table.ts';
import { countText, durationText, finishedRequests, instantText, statusStyle } from './text.ts';

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

const BAR_WIDTH = 20;

/** Statuses that make one ask why. */
const WAITING: ReadonlySet<BatchInfo['status']> = new Set([
  'queued',
  'retrying',
  'failed',
  'cancelled',
]);

/** Why a batch waits or has not succeeded, the latest; else nothing. */
function whyText({ status, reasons, attempts, notBefore }: BatchInfo): string {
  if (!WAITING.has(status)) return '';
  const last = reasons.at(-1);
  if (last !== undefined) return oneLine(last.message);
  const waitsForItsTime = status === 'retrying' && attempts === 0 && notBefore !== undefined;
  return waitsForItsTime ? `not before ${instantText(notBefore)}` : '';
}

export function watchColumns(now: number): readonly Column<BatchInfo>[] {
  const since = ({ createdAt, endedAt }: BatchInfo): string =>
    durationText((endedAt === undefined ? now : Date.parse(endedAt)) - Date.parse(createdAt));
  return [
    { title: 'BATCH', text: ({ batchId }) => batchId, rank: 0, minWidth: 30 },
    { title: 'STATUS', text: ({ status }) => status.padEnd(10), rank: 0, style: statusStyle },
    {
      title: 'PROGRESS',
      text: (batch) => bar(finishedRequests(batch), batch.counts.total, BAR_WIDTH),
      rank: 1,
      style: statusStyle,
    },
    { title: 'REQUESTS', text: ({ counts }) => countText(counts.total), rank: 4, align: 'right' },
    {
      title: 'FAILED',
      text: ({ counts }) => countText(counts.failed),
      rank: 5,
      align: 'right',
      style: ({ counts }) => (counts.failed > 0 ? 'red' : undefined),
    },
    { title: 'TRIES', text: ({ attempts }) => countText(attempts), rank: 6, align: 'right' },
    { title: 'TIME', text: since, rank: 2, align: 'right' },
    { title: '', text: whyText, rank: 3, minWidth: 12 },
  ];
}

/** One batch in one line, where nothing is drawn over. */
function changeLine(batch: BatchInfo): string {
  const { batchId, status, attempts, counts } = batch;
  const parts = [batchId, status.padEnd(10)];
  if (attempts > 0) parts.push(`attempt ${attempts}`);
  if (counts.total > 0)
    parts.push(`${countText(finishedRequests(batch))} of ${countText(counts.total)} finished`);
  if (counts.failed > 0) parts.push(`${countText(counts.failed)} failed`);
  const why = whyText(batch);
  if (why !== '') parts.push(`(${why})`);
  return parts.join('  ');
}
