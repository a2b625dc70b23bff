import type { Source } from '../batch/batch.ts';
import { INBOX_PREFIX, rejectionKey } from '../batch/identifiers.ts';
import type { Reason } from '../batch/reason.ts';
import type { Dependencies } from './dependencies.ts';
import { writeWhole } from './writeWhole.ts';

interface Rejected {
  readonly reasons: readonly Reason[];
  /** Of the batch, where one was made of the file. */
  readonly batchId?: string;
  /** Where all reasons are. */
  readonly errorsKey?: string | undefined;
}

/**
 * Says beside a file of the inbox why it was refused, for whoever put it there and sees no queue
 * and no record. Does nothing for a file that is elsewhere.
 */
export async function rejectFromInbox(
  { objects, clock }: Pick<Dependencies, 'objects' | 'clock'>,
  { bucket, key, etag }: Source,
  { reasons, batchId, errorsKey }: Rejected,
): Promise<void> {
  if (bucket !== objects.bucket || !key.startsWith(INBOX_PREFIX)) return;
  const rejection = {
    ...reasons[0],
    at: new Date(clock.now()).toISOString(),
    // Another file may have been put in its place since.
    etag: plainEtag(etag),
    batchId,
    reasons,
    errorsKey,
  };
  await writeWhole(objects, rejectionKey(key), `${JSON.stringify(rejection, null, 2)}\n`);
}

/** As S3's events have it, and not as its headers do. */
export function plainEtag(etag: string): string {
  return etag.replaceAll('"', '');
}
