import * as z from 'zod';
import { MAX_FILE_BYTES, type StoredFile } from '../batch/file.ts';
import { apiIdPattern, newApiId, uploadPartKey } from '../batch/ids.ts';
import { cancelled, MAX_UPLOAD_PARTS, type Upload } from '../batch/upload.ts';
import { omitUndefined } from '../omitUndefined.ts';
import { uploadStore } from '../stores/uploadRecords.ts';
import { ApiError } from './apiError.ts';
import { completeUpload } from './completeUpload.ts';
import { expiresAfterSchema } from './expiresAfter.ts';
import { fileObject, purposeSchema } from './files.ts';
import { parseFields, readJson } from './jsonBody.ts';
import { MAX_FILENAME_LENGTH, receiveFile } from './multipart.ts';
import { ownedBy } from './ownership.ts';
import type { HttpPorts } from './ports.ts';
import { type HttpContext, pathParameter, type Routes, unixSeconds } from './routes.ts';

/** OpenAI gives an hour. Through a slow line, 8 GB take longer. */
const UPLOAD_SECONDS = 24 * 60 * 60;
/** The largest part that OpenAI takes: `AddUploadPartRequest` of its API description says 64 MB. */
const MAX_PART_BYTES = 64 * 1024 * 1024;
/** Room for the ids of the most parts, with quotes, commas and spaces. */
const MAX_COMPLETION_BYTES = MAX_UPLOAD_PARTS * 40;

/** `CreateUploadRequest` of OpenAI's API description. */
const createSchema = z.strictObject({
  filename: z.string().min(1).max(MAX_FILENAME_LENGTH),
  purpose: purposeSchema,
  bytes: z.number().int().min(1).max(MAX_FILE_BYTES),
  mime_type: z.string().max(255),
  expires_after: expiresAfterSchema.optional(),
});

/** `CompleteUploadRequest` of OpenAI's API description. */
const completeSchema = z.strictObject({
  part_ids: z.array(z.string().max(100)).min(1).max(MAX_UPLOAD_PARTS),
  md5: z
    .string()
    .regex(/^[0-9a-f]{32}$/i, 'must be an MD5 of 32 hexadecimal digits')
    .optional(),
});

export function uploadRoutes(ports: HttpPorts): Routes {
  return {
    '/uploads': {
      POST: async (context) =>
        context.json(uploadObject(await createUpload(ports, context), ports)),
    },
    '/uploads/:upload/parts': { POST: (context) => addPart(ports, context) },
    '/uploads/:upload/complete': {
      async POST(context) {
        const upload = await findUpload(ports, context);
        const { value } = await readJson(context, completeSchema, MAX_COMPLETION_BYTES);
        const completion = omitUndefined({
          partIds: value.part_ids.map(checkedPartId),
          md5: value.md5?.toLowerCase(),
        });
        const { upload: ended, file } = await completeUpload(ports, upload, completion);
        return context.json(uploadObject(ended, ports, file));
      },
    },
    '/uploads/:upload/cancel': {
      POST: async (context) => context.json(uploadObject(await cancel(ports, context), ports)),
    },
  };
}

/** Source of the fields: `Upload` in OpenAI's API description. */
function uploadObject(upload: Upload, { clock }: Pick<HttpPorts, 'clock'>, file?: StoredFile) {
  const { uploadId, bytes, createdAt, expiresAt, filename, purpose, status } = upload;
  const hasEnded = status === 'completed' || status === 'cancelled';
  return {
    id: uploadId,
    object: 'upload',
    bytes,
    created_at: unixSeconds(createdAt),
    expires_at: unixSeconds(expiresAt),
    filename,
    purpose,
    status: hasEnded ? status : isExpired(upload, clock.now()) ? 'expired' : 'pending',
    ...(file && { file: fileObject(file) }),
  };
}

/** What a worker puts together was complete in time. */
function isExpired({ status, expiresAt }: Upload, now: number): boolean {
  return status !== 'assembling' && expiresAt <= now;
}

async function createUpload(ports: HttpPorts, context: HttpContext): Promise<Upload> {
  const { chance, clock, items } = ports;
  const { value } = await readJson(context, createSchema);
  const { filename, purpose, bytes, mime_type: mimeType, expires_after } = value;
  const { tenant } = context.get('caller');
  const now = clock.now();
  const upload: Upload = {
    uploadId: newApiId('upload', (max) => chance.randomInt(max)),
    ...{ version: 0, status: 'pending', tenant, filename, purpose, mimeType, bytes },
    ...{ createdAt: now, expiresAt: now + UPLOAD_SECONDS * 1000 },
    fileSeconds: expires_after?.seconds,
  };
  await uploadStore(items).create(upload);
  context.set('id', upload.uploadId);
  return upload;
}

/** @throws ApiError 404 for one that does not exist or is not the caller's: always the same */
async function findUpload(
  { items }: Pick<HttpPorts, 'items'>,
  context: HttpContext,
): Promise<Upload> {
  const uploadId = pathParameter(context, 'upload');
  const isId = apiIdPattern('upload').test(uploadId);
  const upload = isId ? await uploadStore(items).get(uploadId) : undefined;
  if (upload && ownedBy(context.get('caller'), upload)) return upload;
  throw new ApiError(404, `No such Upload object: ${uploadId.slice(0, 100)}`, {
    param: 'upload_id',
  });
}

/** A part is an object alone: the call that completes the upload names those that count. */
async function addPart(ports: HttpPorts, context: HttpContext): Promise<Response> {
  const { objects, chance, clock } = ports;
  const upload = await findUpload(ports, context);
  const { uploadId, status } = upload;
  if (isExpired(upload, clock.now())) throw notOpen(upload, 'it has expired');
  if (status !== 'pending' && status !== 'refused') throw notOpen(upload, `it is ${status}`);
  const id = newApiId('part', (max) => chance.randomInt(max));
  await receiveFile(context, ports, {
    name: 'data',
    writer: objects.writer(uploadPartKey(uploadId, id)),
    maxBytes: MAX_PART_BYTES,
    check: (fields) => parseFields(z.strictObject({}), fields),
  });
  const created_at = unixSeconds(clock.now());
  return context.json({ id, object: 'upload.part', created_at, upload_id: uploadId });
}

/** Idempotent. Parts are deleted by their age. */
async function cancel(ports: HttpPorts, context: HttpContext): Promise<Upload> {
  const upload = await findUpload(ports, context);
  if (upload.status === 'cancelled') return upload;
  const next = cancelled(upload);
  if (!next) throw notOpen(upload, 'it is completed');
  if ((await uploadStore(ports.items).replace(next)) === 'written') return next;
  // A worker may have completed it meanwhile.
  const stored = await findUpload(ports, context);
  if (stored.status === 'cancelled') return stored;
  throw notOpen(stored, 'it has just changed: look at it again');
}

/** @throws ApiError 400 naming the part, which becomes part of a key only if it has the form of an id */
function checkedPartId(partId: string): string {
  if (apiIdPattern('part').test(partId)) return partId;
  const message = `part_ids has ${JSON.stringify(partId)}, which is the id of no part: use those that adding parts has returned`;
  throw new ApiError(400, message, { code: 'upload_part_not_found', param: 'part_ids' });
}

/** An upload that takes no parts, and no call that completes or cancels it. */
function notOpen({ uploadId }: Upload, why: string): ApiError {
  const message = `Upload ${uploadId} cannot be changed: ${why}. Create a new upload`;
  return new ApiError(400, message, { code: 'upload_not_open', param: 'upload_id' });
}
