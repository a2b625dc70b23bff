import { rm } from 'node:fs/promises';
import type { Journal } from '../journal.ts';
import { type Call, type Reply, type Route, route } from '../router.ts';
import { parseLife } from './createRequest.ts';
import { ApiError, invalidValue, missingParameter } from './errors.ts';
import { type Files, newFileId } from './files.ts';
import { listReply } from './listReply.ts';
import type { Manner } from './manner.ts';
import { fileObject } from './objects.ts';
import { receiveUpload, type Upload } from './upload.ts';

const MAX_LIMIT = 10_000;

/** The calls under `/files`. */
export function fileRoutes(files: Files, journal: Journal, manner: Manner): Route[] {
  return [
    route('POST', '/files', (call) => upload(call, files, journal, manner)),
    route('GET', '/files', ({ query }) => {
      const purpose = query.get('purpose');
      const found = files.all().filter((file) => purpose === null || file.purpose === purpose);
      const ordered = query.get('order') === 'asc' ? found : found.toReversed();
      const page = { usual: MAX_LIMIT, most: MAX_LIMIT, show: fileObject };
      // A listing of files has its ids even when it is empty.
      return listReply(ordered, query, page, { first_id: '', last_id: '' });
    }),
    route('GET', '/files/:id', ({ parameters: { id = '' } }) => ({
      status: 200,
      json: fileObject(files.get(id)),
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
  { request }: Call,
  files: Files,
  journal: Journal,
  { minLifeSeconds }: Manner,
): Promise<Reply> {
  const path = files.temporaryPath();
  const received = await receiveUpload(request, path);
  try {
    const { filename, bytes, lifeSeconds } = checkUpload(received, minLifeSeconds);
    const id = newFileId();
    const file = files.add({ id, bytes, filename, purpose: 'batch' }, path, lifeSeconds);
    journal.append({ event: 'uploaded', fileId: id, bytes });
    return { status: 200, json: fileObject(file) };
  } finally {
    // Gone already if it was kept.
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
