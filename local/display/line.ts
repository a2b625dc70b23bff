import { oneLine } from '../../shared/terminal/text.ts';
import type { BatchView } from '../batches/view.ts';

/** Statuses that make one ask why. */
const WAITING: ReadonlySet<BatchView['status']> = new Set([
  'queued',
  'retrying',
  'failed',
  'cancelled',
  'refused',
]);

/** One batch in one line. */
export function batchLine({ batchId, status, attempts, counts, reason }: BatchView): string {
  const parts = [batchId, status.padEnd(10)];
  if (attempts > 0) parts.push(`attempt ${attempts}`);
  if (counts.total > 0)
    parts.push(
      `${counts.succeeded} of ${counts.total} succeeded${counts.failed > 0 ? `, ${counts.failed} failed` : ''}`,
    );
  if (reason !== undefined && WAITING.has(status)) parts.push(`(${oneLine(reason)})`);
  return parts.join('  ');
}
