import { CLEAN_UP_DEADLINE_MS } from '../readBounds.ts';
import type { Client } from './client.ts';
import { listPages } from './listPages.ts';
import { remove } from './remove.ts';
import { fileListSchema } from './wire.ts';

/** Deletes the uploads that bear one of the keys. */
export function deleteLeftovers(
  client: Client,
  keys: ReadonlySet<string>,
  since: number,
): Promise<void> {
  return deleteUploads(client, keys, since, AbortSignal.timeout(CLEAN_UP_DEADLINE_MS));
}

export async function deleteUploads(
  client: Client,
  displayNames: ReadonlySet<string>,
  since: number,
  signal: AbortSignal,
): Promise<void> {
  const found: string[] = [];
  for await (const { files } of listPages(client, 'files', fileListSchema, signal))
    for (const { name, displayName, createTime } of files)
      if (createTime >= since && displayNames.has(displayName ?? '')) found.push(name);
  // After the listing, which deleting would move.
  for (const name of found) await remove(client, name, signal);
}
