import { setTimeout as sleep } from 'node:timers/promises';
import { fileLifeSeconds, newFile, type StoredFile } from '../batch/file.ts';
import { type Completion, isSameCompletion, startAssembly, type Upload } from '../batch/upload.ts';
import { fileStore } from '../stores/fileRecords.ts';
import { uploadStore } from '../stores/uploadRecords.ts';
import { ApiError } from './apiError.ts';
import type { HttpPorts } from './ports.ts';

const POLL_MS = 250;
/** A call waits for 20 seconds at most: the function of the API runs for 30 at least. */
const MAX_POLLS = 80;
/** Seconds. OpenAI's SDKs obey up to 60, and repeat a call twice: they wait for two minutes in all. */
const RETRY_AFTER = '30';

type CompletePorts = Pick<HttpPorts, 'items' | 'queues' | 'clock' | 'policy' | 'wait'>;

export interface CompletedUpload {
  readonly upload: Upload;
  readonly file: StoredFile;
}

/**
 * Has the parts of an upload put together by a worker, and waits for it. May be repeated: a call with the
 * same parts waits on, or has the same answer.
 *
 * @throws ApiError 400 if the parts are refused or the upload takes none, 503 `upload_not_ready` if the
 *   worker takes longer than a call can wait
 */
export async function completeUpload(
  ports: CompletePorts,
  known: Upload,
  completion: Completion,
): Promise<CompletedUpload> {
  const { items, queues, wait = sleep } = ports;
  const uploads = uploadStore(items);
  let upload = await begun(ports, known, completion);
  const { uploadId } = upload;
  // Sent again by a call that is repeated: the first message may be lost.
  if (upload.status === 'assembling') await queues.sendWork({ action: 'assemble', uploadId });
  for (let polls = 0; upload.status === 'assembling' && polls < MAX_POLLS; polls++) {
    if (polls > 0) await wait(POLL_MS);
    upload = (await uploads.get(uploadId)) ?? upload;
  }
  return resultOf(ports, upload, completion);
}

/** The upload as it is being put together from these parts, or as it was. */
async function begun(
  { items, clock }: CompletePorts,
  upload: Upload,
  completion: Completion,
): Promise<Upload> {
  const { status, expiresAt } = upload;
  if (status !== 'pending' && status !== 'refused') return upload;
  if (expiresAt <= clock.now()) throw closed(upload, 'it has expired: create a new upload');
  const next = startAssembly(upload, completion);
  if (next && (await uploadStore(items).replace(next)) === 'written') return next;
  // Another call has come first. What it asked for is compared in the end.
  return (await uploadStore(items).get(upload.uploadId)) ?? upload;
}

async function resultOf(
  { items, policy }: CompletePorts,
  upload: Upload,
  completion: Completion,
): Promise<CompletedUpload> {
  const { uploadId } = upload;
  if (upload.status === 'pending' || upload.status === 'cancelled')
    throw closed(upload, `it is ${upload.status}`);
  if (!isSameCompletion(upload.completion, completion))
    throw closed(upload, 'another call has completed it with other parts');
  if (upload.status === 'refused') {
    const { code, message } = upload.reason;
    throw new ApiError(400, message, { code, param: 'part_ids' });
  }
  if (upload.status === 'assembling') {
    const message = `Upload ${uploadId} is still being put together: repeat this call with the same parts`;
    const headers = { 'retry-after': RETRY_AFTER };
    throw new ApiError(503, message, { code: 'upload_not_ready', headers });
  }
  const { fileId, filename, bytes, purpose, tenant, completedAt, fileSeconds } = upload;
  const given = { fileId, filename, bytes, purpose, tenant };
  const file = newFile(
    { ...given, lifeSeconds: fileLifeSeconds(policy, fileSeconds) },
    completedAt,
  );
  // The worker has written the content only. A file that exists may have been deleted since.
  await fileStore(items).create(file);
  return { upload, file };
}

function closed({ uploadId }: Upload, why: string): ApiError {
  const message = `Upload ${uploadId} cannot be completed: ${why}`;
  return new ApiError(400, message, { code: 'upload_not_open', param: 'upload_id' });
}
