import type { StoredFile } from '../batch/file.ts';
import { apiIdPattern, fileKey } from '../batch/ids.ts';
import { fileStore } from '../stores/fileRecords.ts';
import { removeObjects } from '../usecases/removeObjects.ts';
import { ApiError } from './apiError.ts';
import { findFile } from './findFile.ts';
import { ownedBy } from './ownership.ts';
import type { Caller, HttpPorts } from './ports.ts';

/**
 * Batches of one file that may not have copied it yet: more than one user makes within the minute that a
 * copy usually takes.
 */
const MAX_WAITING = 50;
/** Writes of one file's record that may be lost to other requests before one of them is given up. */
const MAX_CONFLICTS = 10;
/** OpenAI's SDKs repeat a call twice, and so wait for longer than most batches wait for their copy. */
const RETRY_AFTER = { 'retry-after': '20', 'x-should-retry': 'true' };

/**
 * Deletes a file: it is out of reach at once, then its content is removed. A repeated call has the same
 * answer, and removes what the first may have left.
 *
 * @throws ApiError 404, or 409 while a batch that was made of it has not copied it
 */
export async function deleteFile(ports: HttpPorts, caller: Caller, fileId: string): Promise<void> {
  const files = fileStore(ports.items);
  for (let conflicts = 0; conflicts < MAX_CONFLICTS; conflicts++) {
    const known = await files.get(fileId);
    if (known?.status === 'deleted' && ownedBy(caller, known)) return removeContent(ports, fileId);
    const { key: _, ...found } = await findFile(ports, caller, fileId);
    const [waiting] = await waitingFor(ports, known);
    if (waiting !== undefined) throw inUse(fileId, waiting);
    const file = { version: 0, status: 'uploaded', ...found, ...known } as const;
    if ((await files.markDeleted(file)) === 'written') return removeContent(ports, fileId);
  }
  throw new Error(`file ${fileId} could not be deleted: others changed it ${MAX_CONFLICTS} times`);
}

/** Of what belongs to a batch there are no other copies: its processor reads the same objects. */
async function removeContent(ports: HttpPorts, fileId: string): Promise<void> {
  if (apiIdPattern('file').test(fileId)) await removeObjects(ports, [fileKey(fileId)], { fileId });
}

function inUse(fileId: string, batchId: string): ApiError {
  const message = `File ${fileId} cannot be deleted yet: batch ${batchId} has still to copy it. Repeat this call in a minute, or cancel the batch`;
  return new ApiError(409, message, { code: 'file_in_use', headers: RETRY_AFTER });
}

/**
 * Notes in the record of a file that a batch is to be made of it: until the batch has its copy, the file
 * cannot be deleted. To be called before the batch is created.
 *
 * @throws ApiError 503 while too many batches have still to copy it
 * @returns false if the file was deleted or has expired meanwhile
 */
export async function keepFor(ports: HttpPorts, fileId: string, batchId: string): Promise<boolean> {
  if (!ports.objects.remove) return true;
  const files = fileStore(ports.items);
  for (let conflicts = 0; conflicts < MAX_CONFLICTS; conflicts++) {
    const file = await files.get(fileId);
    if (file?.status !== 'uploaded') return false;
    const { batchIds = [] } = file;
    if (batchIds.includes(batchId)) return true;
    const kept = batchIds.length < MAX_WAITING ? batchIds : await waitingFor(ports, file);
    if (kept.length >= MAX_WAITING) break;
    if ((await files.replace({ ...file, batchIds: [...kept, batchId] })) === 'written') return true;
  }
  const message = `Many batches are being made of file ${fileId}: repeat this call in a minute`;
  throw new ApiError(503, message, { code: 'file_in_use', headers: RETRY_AFTER });
}

/** The batches that have not copied the file yet. One that was noted and never created needs nothing. */
async function waitingFor(
  { batches }: Pick<HttpPorts, 'batches'>,
  { batchIds = [] }: Pick<StoredFile, 'batchIds'> = {},
): Promise<readonly string[]> {
  const noted = await Promise.all(batchIds.map((batchId) => batches.get(batchId)));
  return noted.flatMap((batch) => (batch?.status === 'inspecting' ? batch.batchId : []));
}
