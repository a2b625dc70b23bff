import type * as z from 'zod';
import { listPages as listGooglePages, type Page } from '../google/listPages.ts';
import { type Client, classify, VERSION } from './client.ts';

/** The largest page of files: https://ai.google.dev/api/files#method:-files.list */
const PAGE_SIZE = 100;

/**
 * The pages of a listing, to its end: the API promises no order.
 *
 * @throws ProviderError
 */
export function listPages<Found extends Page>(
  { rest, url }: Client,
  collection: 'batches' | 'files',
  schema: z.ZodType<Found>,
  signal?: AbortSignal,
): AsyncGenerator<Found> {
  return listGooglePages(`Gemini, read ${collection}`, (token) => {
    const query = new URLSearchParams({ pageSize: String(PAGE_SIZE) });
    if (token !== undefined) query.set('pageToken', token);
    const call = { method: 'GET', url: url(`/${VERSION}/${collection}?${query}`) } as const;
    return parsed(rest.read(call, signal), schema);
  });
}

async function parsed<Page>(answer: Promise<unknown>, schema: z.ZodType<Page>): Promise<Page> {
  try {
    return schema.parse(await answer);
  } catch (error) {
    throw classify(error, 'read');
  }
}
