import type * as z from 'zod';
import { unusableAnswer } from './errors.ts';
import type { ListingPosition } from './provider.ts';

/** What all listings have in common: only one that was read to its end proves that a job is absent. */

/** A longer listing comes from a gateway that gives the same pages over and over. */
const MAX_LIST_PAGES = 10_000;

/**
 * The pages of a listing, to the last one.
 *
 * @param call for the reason, such as `Gemini, read`
 * @param read reads the page at a cursor; undefined for the first page
 * @param nextOf the cursor after a page; undefined for the last page
 * @param position where to begin; it stays at a page until the next one is asked for
 * @throws ProviderError if a cursor comes twice, so that the listing has no end
 */
export async function* listPages<Page>(
  call: string,
  read: (cursor: string | undefined) => Promise<Page>,
  nextOf: (page: Page) => string | undefined,
  position: ListingPosition = {},
): AsyncGenerator<Page> {
  const cursors = new Set<string>();
  let { cursor } = position;
  while (cursors.size < MAX_LIST_PAGES) {
    position.cursor = cursor;
    const page = await read(cursor);
    yield page;
    cursor = nextOf(page);
    if (cursor === undefined) return;
    if (cursors.has(cursor)) break;
    cursors.add(cursor);
  }
  const place = JSON.stringify(cursor?.slice(0, 100));
  throw unusableAnswer(call, `the list leads no further after the page at ${place}`);
}

/**
 * The entries of a listing. One that cannot be read does not hide the others, but it may be the job
 * that somebody looks for: the listing must then fail at its end.
 */
export class ListEntries {
  readonly #call: string;
  readonly #position: ListingPosition;

  /**
   * @param call for the reason, such as `Gemini, read`
   * @param position of the listing, which may have begun earlier
   */
  constructor(call: string, position: ListingPosition = {}) {
    this.#call = call;
    this.#position = position;
  }

  /** The entries that can be read. */
  read<Entry>(entries: readonly unknown[], schema: z.ZodType<Entry>): Entry[] {
    return entries.flatMap((entry) => {
      const parsed = schema.safeParse(entry);
      if (parsed.success) return [parsed.data];
      this.miss();
      return [];
    });
  }

  /** Notes an entry that can be read and does not say whose it is. */
  miss(): void {
    this.#position.isIncomplete = true;
  }

  /** @throws ProviderError if an entry could not be read: the listing proves no absence */
  assertComplete(): void {
    if (!this.#position.isIncomplete) return;
    throw unusableAnswer(
      this.#call,
      'an entry of the list of jobs cannot be read, or does not show whose it is',
    );
  }
}

/** Whether the times of a page are known and none is later than the one before it. */
export function isNewestFirst(times: readonly (number | undefined)[]): boolean {
  return times.every((time = Number.NaN, index) => time <= (times[index - 1] ?? time));
}
