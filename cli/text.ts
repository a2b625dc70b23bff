import type { BatchInfo } from '../shared/client/index.ts';
import type { Style } from './terminal/output.ts';

/** How values are written for people. */

const UNITS = [
  ['d', 86_400],
  ['h', 3_600],
  ['m', 60],
] as const;

/** In the largest unit of which there are two or more: `90s`, `45m`, `30h`, `12d`. */
export function durationText(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  for (const [unit, size] of UNITS)
    if (seconds >= 2 * size) return `${Math.floor(seconds / size)}${unit}`;
  return `${seconds}s`;
}

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
