import type { InfiniteData } from '@tanstack/react-query';
import type { BatchesPage } from '../shared/console/batchesRoutes.ts';
import { type BatchesFilter, passing } from '../shared/console/batchFilter.ts';
import type { BatchRow } from '../shared/console/batchRow.ts';

/** Batches of the stream. */
interface Told {
  readonly changed: readonly BatchRow[];
  readonly removed: readonly string[];
}

/**
 * The pages of a list after batches have changed: those that no longer pass its filter go, and new ones come
 * to their place. Pages in which nothing changes stay the same object.
 */
export function changedPages(
  data: InfiniteData<BatchesPage>,
  { changed, removed }: Told,
  filter: BatchesFilter,
): InfiniteData<BatchesPage> {
  const passes = passing(filter);
  const told = new Map<string, BatchRow | undefined>(changed.map((row) => [row.batchId, row]));
  for (const batchId of removed) told.set(batchId, undefined);
  const kept = data.pages.map((page) => {
    if (!page.rows.some(({ batchId }) => told.has(batchId))) return page;
    const rows = page.rows.flatMap((row) => {
      if (!told.has(row.batchId)) return [row];
      const next = told.get(row.batchId);
      told.delete(row.batchId);
      return next && passes(next) ? [next] : [];
    });
    return { ...page, rows };
  });
  const fresh = [...told.values()].filter((row) => row !== undefined && passes(row)) as BatchRow[];
  const pages = fresh.reduce(withNew, kept);
  return pages.every((page, index) => page === data.pages[index]) ? data : { ...data, pages };
}

/** Puts a new batch to its place. One from further back than was searched comes with its page. */
function withNew(pages: readonly BatchesPage[], row: BatchRow): BatchesPage[] {
  const place = pages.findIndex(({ searchedTo = '' }) => row.createdAt >= searchedTo);
  return pages.map((page, index) => {
    if (index !== place) return page;
    const before = page.rows.findIndex(({ createdAt }) => createdAt <= row.createdAt);
    const at = before < 0 ? page.rows.length : before;
    return { ...page, rows: [...page.rows.slice(0, at), row, ...page.rows.slice(at)] };
  });
}
