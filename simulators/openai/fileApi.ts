import { rm } from 'node:fs/promises';
import type { Journal } from '../engine/journal.ts';
import { type Call, type Reply, type Route, route } from '../engine/router.ts';
import type { Dialect } from './dialect.ts';
import { ApiError, invalidValue, missingParameter } from './errors.ts';
import { checkFields, parseLife } from './fields.ts';
import { type FileRecord, type Files, newFileId, receiveUpload, type Upload } from './files.ts';
import { unixSeconds } from './jobs.ts';
import { listReply } from './listing.ts';

const MAX_FILES_LISTED = 10_000;

/** The calls under `/files`. */
export function fileRoutes(files: Files, journal: Journal, dialect: Dialect): Route[] {
  return [
    route('POST', '/files', (call) => upload(call, files, journal, dialect)),
    route('GET', '/files', ({ query }) => {
      const purpose = query.get('purpose');
      const found = files.all().filter((file) => purpose === null || file.purpose === purpose);
      const ordered = query.get('order') === 'asc' ? found : found.toReversed();
      const limits = { defaultLimit: MAX_FILES_LISTED, maxLimit: MAX_FILES_LISTED };
      const show = (file: FileRecord) => fileObject(file, files);
      // A listing of files has its ids even when it is empty.
      const idsOfEmpty = { first_id: '', last_id: '' };
      return listReply(ordered, query, { of: 'files', dialect, ...limits, show, idsOfEmpty });
    }),
    route('GET', '/files/:id', ({ parameters: { id = '' } }) => ({
      status: 200,
      json: fileObject(files.get(id), files),
    })),
    route('GET', '/files/:id/content', ({ parameters: { id = '' } }) => {
      const { bytes } = files.get(id);
      const type = 'application/octet-stream';
      return { status: 200, file: { path: files.contentPath(id), bytes, type } };
    }),
    route('DELETE', '/files/:id', ({ parameters: { id = '' } }) => {
      files.delete(id);
      journal.append({ event: 'deleted', fileId: id });
      return { status: 200, json: { id, object: 'file', deleted: true } };
    }),
  ];
}

async function upload(
  { request, query }: Call,
  files: Files,
  journal: Journal,
  { minLifeSeconds, uploadFields }: Dialect,
): Promise<Reply> {
  const path = files.temporaryPath();
  const received = await receiveUpload(request, path);
  try {
    const names = [...received.fields.keys()].map((name) => name.replace(/\[.*/, ''));
    checkFields(names, new Set(uploadFields(query)));
    const { filename, bytes, lifeSeconds } = checkUpload(received, minLifeSeconds);
    const id = newFileId();
    const file = files.add({ id, bytes, filename, purpose: 'batch' }, path, lifeSeconds);
    journal.append({ event: 'uploaded', fileId: id, bytes });
    return { status: 200, json: fileObject(file, files) };
  } finally {
    // There is nothing to remove if the file was added.
    await rm(path, { force: true });
  }
}

/** @throws ApiError 400 */
function checkUpload({ fields, file }: Upload, minLifeSeconds: number) {
  const purpose = fields.get('purpose');
  if (!file) throw missingParameter('file');
  if (purpose === undefined) throw missingParameter('purpose');
  if (purpose !== 'batch') throw invalidValue('purpose', purpose, ['batch']);
  if (!file.filename.endsWith('.jsonl'))
    throw new ApiError(400, `Invalid file format for Batch API: '${file.filename}' is no .jsonl.`, {
      param: 'file',
    });
  const anchor = fields.get('expires_after[anchor]');
  const seconds = fields.get('expires_after[seconds]');
  const policy =
    anchor === undefined && seconds === undefined
      ? undefined
      : { anchor, seconds: Number(seconds) };
  return { ...file, lifeSeconds: parseLife(policy, 'expires_after', minLifeSeconds) };
}

/** A file as the API shows it. */
function fileObject(file: FileRecord, files: Files) {
  const { id, purpose, filename, bytes, createdAt, expiresAt } = file;
  return {
    object: 'file',
    id,
    purpose,
    filename,
    bytes,
    created_at: unixSeconds(createdAt),
    expires_at: unixSeconds(expiresAt),
    status: files.isProcessed(file) ? 'processed' : 'pending',
    status_details: undefined,
  };
}
