import type { Counts } from '../../batch/ledger.ts';
import { countsNow } from '../../batch/ledger.ts';
import type { BatchFields } from '../../batch/record.ts';
import { isEnded } from '../../batch/status.ts';
import { omitUndefined } from '../../omitUndefined.ts';
import {
  cursorOf,
  type FileState,
  type FilesConnection,
  findFiles,
  placeOf,
} from './batchFiles.ts';
import { type FileName, type Place, RowWalk, type View, type WalkedRow } from './rowWalk.ts';
import { type ShownRow, shownRow } from './shownRow.ts';

/** What a page holds at most: what is behind that comes with the next one. */
const MAX_PAGE_BYTES = 2 * 1024 * 1024;
const MAX_PAGE_MS = 1_500;

/** What one request searches at most: the page says how far that was, and can search on from there. */
export const MAX_SEARCH_BYTES = 300 * 1024 * 1024;
export const MAX_SEARCH_MS = 8_000;
/** Rows between two looks at the clock. */
export const ROWS_PER_LOOK = 500;

export interface PageRequest {
  readonly view: View;
  /** Where the page begins, or the search. Default: at the first request. */
  readonly cursor?: string | undefined;
  /** The `custom_id` of the row that the page is to begin with. It is looked for among all requests. */
  readonly row?: string | undefined;
  readonly limit: number;
}

/** How far a search has come. */
export interface Searched {
  readonly isFound: boolean;
  /** Whether everything was searched. If not, `next` is where to search on. */
  readonly isOver: boolean;
  /** Of all files together, from their beginning. */
  readonly bytes: number;
  readonly totalBytes: number;
}

export interface RowsPage {
  readonly rows: readonly ShownRow[];
  /** Where this page begins. */
  readonly start: string;
  /** Where the next one does. Absent if there is none. */
  readonly next?: string;
  readonly searched?: Searched;
  /** Set if other files have taken the place of those of the cursor: it is the first page, then. */
  readonly isRestarted: boolean;
  readonly files: Readonly<Record<FileName, FileState>>;
  readonly counts: Counts;
  readonly hasEnded: boolean;
  /** Jobs that are over: so many attempts of a row can be compared. */
  readonly pastJobs: number;
  readonly partCount?: number;
}

export interface RowPorts {
  readonly connection: FilesConnection;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/**
 * One page of the requests of a batch with their rows, in a bounded time, however large its files are.
 *
 * @throws ClientError `unknown_batch`
 */
export async function rowsPage(
  { connection, now }: RowPorts,
  batchId: string,
  { cursor, row, limit, ...asked }: PageRequest,
): Promise<RowsPage> {
  const found = await findFiles(connection, batchId);
  const { batch, files, states, fingerprint } = found;
  const view = row === undefined ? asked.view : 'all';
  const from = cursor === undefined ? {} : placeOf(cursor, found);
  let until = now() + (row === undefined ? MAX_PAGE_MS : MAX_SEARCH_MS);
  const isLate = () => now() >= until;
  const walk = new RowWalk(files, { view, from: from ?? {}, isLate });
  const { input }: BatchFields = batch;
  const common = omitUndefined({
    isRestarted: from === undefined,
    files: states,
    counts: countsNow(batch),
    hasEnded: isEnded(batch.status),
    pastJobs: batch.pastJobs.length,
    partCount: input?.parts?.length,
  });
  const here = (place: Place) => cursorOf(place, fingerprint);
  try {
    let start = walk.place;
    let first: WalkedRow | undefined;
    let searched: Searched | undefined;
    if (row !== undefined) {
      first = await search(walk, row, isLate);
      const isOver = first === undefined && (await walk.isOver());
      searched = { isFound: first !== undefined, isOver, ...progressOf(files, walk.place) };
      start = first ? { ...walk.place, ...placeOfRow(first) } : walk.place;
      const next = first || isOver ? undefined : here(start);
      if (!first)
        return { ...common, ...omitUndefined({ next }), rows: [], start: here(start), searched };
      until = now() + MAX_PAGE_MS;
    }
    const rows = await readRows(walk, { first, limit, isLate });
    const next = (await walk.isOver()) ? undefined : here(walk.place);
    return { ...common, ...omitUndefined({ next, searched }), rows, start: here(start) };
  } finally {
    await walk.close();
  }
}

/** Takes at least one row, so that each page is further on than the one before. */
async function readRows(
  walk: RowWalk,
  { first, limit, isLate }: { first: WalkedRow | undefined; limit: number; isLate: () => boolean },
): Promise<readonly ShownRow[]> {
  const rows: ShownRow[] = [];
  let bytes = 0;
  for (let walked = first ?? (await walk.next()); walked; walked = await walk.next()) {
    const row = shownRow(walked);
    rows.push(row);
    bytes += (row.request?.text.length ?? 0) + (row.row?.text.length ?? 0);
    if (rows.length >= limit || bytes >= MAX_PAGE_BYTES || isLate()) break;
  }
  return rows;
}

async function search(
  walk: RowWalk,
  customId: string,
  isLate: () => boolean,
): Promise<WalkedRow | undefined> {
  const from = bytesOf(walk.place);
  for (let passed = 1; ; passed++) {
    const walked = await walk.next();
    if (walked === undefined || isOf(walked, customId)) return walked;
    if (passed % ROWS_PER_LOOK > 0) continue;
    if (isLate() || bytesOf(walk.place) - from >= MAX_SEARCH_BYTES) return undefined;
  }
}

function isOf({ request, row }: WalkedRow, customId: string): boolean {
  return request?.customId === customId || row?.line.customId === customId;
}

function placeOfRow({ request, row }: WalkedRow): Place {
  return {
    ...(request && { input: request.start }),
    ...(row && { [row.file]: row.line.start }),
  };
}

function bytesOf(place: Place): number {
  return Object.values(place).reduce((sum, offset) => sum + offset, 0);
}

function progressOf(
  { refused: _, ...files }: Awaited<ReturnType<typeof findFiles>>['files'],
  place: Place,
): Pick<Searched, 'bytes' | 'totalBytes'> {
  const all = Object.values(files);
  const before = all.reduce((sum, { start }) => sum + start, 0);
  const totalBytes = all.reduce((sum, { start, end }) => sum + end - start, 0);
  return { bytes: bytesOf(place) - before, totalBytes };
}
