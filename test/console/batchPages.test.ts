import { describe, expect, it } from 'vitest';
import { changedPages } from '../../console/batchPages.ts';
import type { BatchesPage } from '../../shared/console/batchesRoutes.ts';
import type { BatchesFilter } from '../../shared/console/batchFilter.ts';
import { type BatchRow, batchRow } from '../../shared/console/batchRow.ts';
import { batchNumber } from '../shared/console/support/countedClient.ts';

const row = (n: number, changes: Parameters<typeof batchNumber>[1] = {}): BatchRow =>
  batchRow(batchNumber(n, { status: 'running', ...changes }));
const searchedTo = (n: number) => ({ next: 'next', searchedTo: row(n).createdAt });

/** Two pages, of which the second ends at a batch that did not pass. */
const PAGES: BatchesPage[] = [
  { rows: [row(9), row(7)], ...searchedTo(7) },
  { rows: [row(5), row(4)], ...searchedTo(3) },
];
const told = (
  changed: readonly BatchRow[],
  { removed = [], filter = {} }: { removed?: string[]; filter?: BatchesFilter } = {},
) => {
  const data = { pages: PAGES, pageParams: [] };
  const next = changedPages(data, { changed, removed }, filter);
  return {
    isSame: next === data,
    pages: next.pages,
    ids: next.pages.map(({ rows }) => rows.map(({ batchId }) => Number(batchId.slice(6)))),
  };
};

describe('pages of batches that have changed', () => {
  it('show the present state of those that they have, and keep the other pages', () => {
    const { pages, ids } = told([row(5, { status: 'failed' })]);
    expect(ids).toEqual([
      [9, 7],
      [5, 4],
    ]);
    expect(pages[1]?.rows[0]?.status).toBe('failed');
    expect(pages[0]).toBe(PAGES[0]);
  });

  it('take new ones in at their place', () => {
    expect(told([row(10), row(8), row(6)]).ids).toEqual([
      [10, 9, 8, 7],
      [6, 5, 4],
    ]);
    expect(told([row(3)]).ids).toEqual([
      [9, 7],
      [5, 4, 3],
    ]);
  });

  it('leave out what no longer passes the filter, what never did, and what is gone', () => {
    const filter = { status: 'open' };
    const changed = [row(7, { status: 'completed' }), row(11, { status: 'failed' }), row(12)];
    expect(told(changed, { filter, removed: ['batch-4'] }).ids).toEqual([[12, 9], [5]]);
  });

  it('stay as they are for batches from further back, and for nothing', () => {
    expect(told([row(2)]).isSame).toBe(true);
    expect(told([], { removed: ['batch-1'] }).isSame).toBe(true);
  });
});
