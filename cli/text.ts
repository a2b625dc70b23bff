import type { BatchInfo } from '../shared/client/index.ts';

export { durationText } from '../shared/operations/durationText.ts';

import type { Style } from './terminal/output.ts';

/** How values are written for people. */

export function countText(count: number): string {
  return count.toLocaleString('en-US');
}

/** Cents, and what is less with two digits that say something. */
export function costText(cost: number | null): string {
  if (cost === null) return '?';
  if (cost === 0 || cost >= 0.1) return `$${cost.toFixed(2)}`;
  return `$${cost.toPrecision(2)}`;
}

/** Requests that have an end: those of earlier jobs, and what the provider says of the present one. */
export function finishedRequests({ counts, job }: Pick<BatchInfo, 'counts' | 'job'>): number {
  const { total, unfinished } = counts;
  return Math.min(total, total - unfinished + (job?.finished ?? 0));
}

const STYLES: Partial<Record<BatchInfo['status'], Style>> = {
  completed: 'green',
  failed: 'red',
  cancelled: 'yellow',
  retrying: 'yellow',
};

export function statusStyle({ status }: Pick<BatchInfo, 'status'>): Style {
  return STYLES[status] ?? 'cyan';
}
