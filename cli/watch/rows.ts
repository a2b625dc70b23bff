import type { BatchInfo } from '../../shared/client/index.ts';
import { bar } from '../terminal/bar.ts';
import { oneLine } from '../terminal/output.ts';
import type { Column } from '../terminal/table.ts';
import { countText, durationText, finishedRequests, instantText, statusStyle } from '../text.ts';

const BAR_WIDTH = 20;

/** Statuses that make one ask why. */
const WAITING: ReadonlySet<BatchInfo['status']> = new Set([
  'queued',
  'retrying',
  'failed',
  'cancelled',
]);

/** Why a batch waits or has not succeeded, the latest; else nothing. */
export function whyText({ status, reasons, attempts, notBefore }: BatchInfo): string {
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
export function changeLine(batch: BatchInfo): string {
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
