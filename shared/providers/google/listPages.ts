import { unusableAnswer } from '../unusableAnswer.ts';

/** A listing that goes on beyond is of a gateway that gives the same pages over and over. */
const MAX_PAGES = 10_000;

export interface Page {
  readonly nextPageToken?: string | null | undefined;
}

/**
 * The pages of a listing, to its end.
 *
 * @param call for the reason, such as `Gemini, read`
 * @throws ProviderError for a page that leads to itself
 */
export async function* listPages<Found extends Page>(
  call: string,
  read: (token: string | undefined) => Promise<Found>,
): AsyncGenerator<Found> {
  let token: string | undefined;
  for (let pages = 0; pages < MAX_PAGES; pages++) {
    const page = await read(token);
    yield page;
    if (!page.nextPageToken) return;
    if (page.nextPageToken === token) break;
    token = page.nextPageToken;
  }
  throw unusableAnswer(call, 'the listing leads no further');
}
