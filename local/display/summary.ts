import type { RowFiles } from '../batches/copyRows.ts';
import { type BatchView, isOver } from '../batches/view.ts';

/** A batch at the end of a run, with where its rows are. */
export interface Ended {
  readonly view: BatchView;
  readonly files: RowFiles;
  /** URLs of what the processor wrote. */
  readonly processed: readonly string[];
}

/** The end of a run for people. */
export function summary(batches: readonly Ended[]): string {
  return batches.map(paragraph).join('\n');
}

function paragraph({ view, files, processed }: Ended): string {
  const { batchId, status, attempts, counts, deliveries, reason } = view;
  const numbers = `attempts ${attempts}, deliveries ${deliveries}, ${counts.succeeded} of ${counts.total} succeeded, ${counts.failed} failed`;
  const lines = [`${batchId}: ${status}, ${numbers}`];
  if (status !== 'completed' && reason !== undefined) lines.push(`  reason     ${reason}`);
  if (status === 'refused' || !isOver(view)) return `${lines.join('\n')}\n`;
  lines.push(`  results    ${files.results}`, `  errors     ${files.errors}`);
  for (const url of processed) lines.push(`  processed  ${url}`);
  return `${lines.join('\n')}\n`;
}

/** The end of a run for programs: one JSON object per line and batch. */
export function jsonLines(batches: readonly Ended[]): string {
  return batches
    .map(({ view, files }) => {
      const { batchId, status, attempts, counts, deliveries } = view;
      const { results } = files;
      return `${JSON.stringify({ batchId, status, attempts, counts, deliveries, results })}\n`;
    })
    .join('');
}
