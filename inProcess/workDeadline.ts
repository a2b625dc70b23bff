import type { WorkMessage } from '../shared/batch/messages.ts';
import type { BatchFields } from '../shared/batch/record.ts';
import type { Dependencies } from '../shared/usecases/dependencies.ts';

const MINUTE = 60;
const MAX_SECONDS = 6 * 60 * MINUTE;
const UNKNOWN_SECONDS = 15 * MINUTE;
/** A slow uplink, and the file may have to be moved twice. */
const BYTES_PER_SECOND = 250_000;

/**
 * How long a piece of work may take: a minute, and four seconds for each megabyte. If the process is killed
 * meanwhile, its batch waits for that time and the margin of the lease, so that it is short for small
 * files.
 *
 * @param bytes of the file that it moves
 * @returns seconds, at most six hours; 15 minutes if the size is not known
 */
export function workSeconds(bytes: number | undefined): number {
  if (bytes === undefined) return UNKNOWN_SECONDS;
  return Math.min(MAX_SECONDS, MINUTE + bytes / BYTES_PER_SECOND);
}

/** The size in bytes of the file that a piece of work moves; undefined if it is not known. */
export async function workBytes(
  { batches, uploads }: Pick<Dependencies, 'batches' | 'uploads'>,
  message: WorkMessage,
  sourceBytes: (key: string) => Promise<number | undefined>,
): Promise<number | undefined> {
  if (message.action === 'assemble')
    return (await uploads.get(message.uploadId).catch(() => undefined))?.bytes;
  const { batchId } = message;
  const batch: BatchFields | undefined = await batches.get(batchId).catch(() => undefined);
  if (!batch) return undefined;
  return batch.input?.bytes ?? sourceBytes(batch.spec.source.key);
}
