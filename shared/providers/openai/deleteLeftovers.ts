import type OpenAI from 'openai';
import { CLEAN_UP_DEADLINE_MS } from '../readBounds.ts';
import { classify } from './classify.ts';
import { deleteFile } from './deleteFiles.ts';
import { uploadName } from './upload.ts';
import { fileListSchema } from './wire.ts';

const PAGE_SIZE = 1_000;
/** What lies further back is left to its expiry: an account with so many uploads is a busy one. */
const MAX_PAGES = 100;

/** Deletes the uploads that bear the name of one of the keys, newest first, back to `since`. */
export async function deleteLeftovers(
  client: OpenAI,
  keys: ReadonlySet<string>,
  since: number,
): Promise<void> {
  const names = new Set([...keys].map(uploadName));
  const signal = AbortSignal.timeout(CLEAN_UP_DEADLINE_MS);
  const found: string[] = [];
  let after: string | undefined;
  for (let pages = 0; pages < MAX_PAGES; pages++) {
    const { data, has_more: hasMore } = await readPage(client, after, signal);
    // OpenAI cuts times to whole seconds.
    const recent = data.filter((file) => (file.created_at + 1) * 1000 > since);
    for (const { id, filename } of recent) if (names.has(filename)) found.push(id);
    const last = data.at(-1)?.id;
    // A gateway that ignores the cursor would give the same page over and over.
    if (!hasMore || recent.length < data.length || last === undefined || last === after) break;
    after = last;
  }
  // After the listing, whose cursor is one of the files.
  for (const fileId of found) await deleteFile(client, fileId, signal);
}

async function readPage(client: OpenAI, after: string | undefined, signal: AbortSignal) {
  try {
    const first = { purpose: 'batch', order: 'desc', limit: PAGE_SIZE };
    const query = after === undefined ? first : { ...first, after };
    // Not `files.list`: it takes an answer without a list for an empty one.
    return fileListSchema.parse(await client.get('/files', { query, signal }));
  } catch (error) {
    throw classify(error, 'read');
  }
}
