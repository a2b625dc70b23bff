import { METRICS } from '../../metrics.ts';
import type { Dependencies } from '../dependencies.ts';

type UnreadablePorts = Pick<Dependencies, 'batches' | 'log' | 'metrics'>;

/** Of more records than this, the sweep watches the first. */
const MAX_PAGES = 10;

/**
 * Counts the records that cannot be read, for the alarm on sweep errors, and brings those back that can be read
 * again, because a version of the code was deployed that knows them.
 */
export async function watchUnreadable(
  { batches, log, metrics }: UnreadablePorts,
  run: { safely(subject: object, step: () => Promise<void>): Promise<void> },
): Promise<void> {
  let unreadable = 0;
  let cursor: string | undefined;
  for (let pages = 0; pages < MAX_PAGES; pages++) {
    const page = await batches.listUnreadable(cursor);
    for (const batchId of page.items)
      await run.safely({ batchId }, async () => {
        const state = await batches.refile(batchId);
        if (state === 'unreadable') unreadable += 1;
        if (state === 'readable') log.info('record can be read again', { batchId });
      });
    cursor = page.cursor;
    if (cursor === undefined) break;
  }
  if (unreadable > 0) metrics.count(METRICS.sweepErrors, unreadable);
}

/**
 * Takes a record that cannot be read out of the way of all others. It stays in the table as it is,
 * and no sweep meets it again, except to count it.
 */
export async function setAside({ batches, log }: UnreadablePorts, batchId: string): Promise<void> {
  if ((await batches.refile(batchId)) === 'unreadable')
    log.error('record cannot be read; set aside until it is removed', { batchId });
}
