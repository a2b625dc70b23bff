import pMap from 'p-map';
import { pages } from '../batch/pages.ts';
import type { ActiveHint } from '../batch/ports.ts';
import type { Dependencies } from './dependencies.ts';

/** Partitions that are read at the same time. */
const READ_AT_ONCE = 8;

/**
 * Reads what occupies a provider, page by page: of a million batches, no list would fit into memory.
 *
 * @param note called with each page, and the number of its partition
 */
export async function readActive(
  { batches }: Pick<Dependencies, 'batches'>,
  provider: string,
  partitions: readonly number[],
  note: (page: readonly ActiveHint[], partition: number) => void,
): Promise<void> {
  await pMap(
    partitions,
    async (partition) => {
      const list = (cursor?: string) => batches.listActive(provider, cursor, partition);
      for await (const page of pages(list)) note(page, partition);
    },
    { concurrency: READ_AT_ONCE },
  );
}
