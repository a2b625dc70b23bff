import { randomBytes } from 'node:crypto';
import type { Journal } from '../journal.ts';
import { isObject, readJson } from '../readJson.ts';
import { type Call, type Reply, type Route, route } from '../router.ts';
import { invalid } from './errors.ts';
import type { Files } from './files.ts';
import { listReply } from './listReply.ts';
import type { Uploads } from './uploads.ts';

/** The calls about files. */
export function fileRoutes(files: Files, uploads: Uploads, journal: Journal): Route[] {
  return [
    route('POST', '/upload/v1beta/files', (call) => upload(call, { files, uploads, journal })),
    {
      method: 'GET',
      // Google's SDK leaves out `/download`.
      pattern: /^(\/download)?\/v1beta\/files\/(?<id>[^/:]+):download$/,
      handle({ parameters: { id = '' }, query }) {
        if (query.get('alt') !== 'media') throw invalid('alt: media is missing');
        const { bytes } = files.get(id);
        const type = 'application/octet-stream';
        return { status: 200, file: { path: files.contentPath(id), bytes, type } };
      },
    },
    route('GET', '/v1beta/files', ({ query }) =>
      listReply('files', files.all().toReversed(), query, (file) => files.view(file)),
    ),
    route('GET', '/v1beta/files/:id', ({ parameters: { id = '' } }) => ({
      status: 200,
      json: files.view(files.get(id)),
    })),
    route('DELETE', '/v1beta/files/:id', ({ parameters: { id = '' } }) => {
      files.delete(id);
      journal.append({ event: 'deleted', fileId: `files/${id}` });
      return { status: 200, json: {} };
    }),
  ];
}

interface Parts {
  readonly files: Files;
  readonly uploads: Uploads;
  readonly journal: Journal;
}

/** The resumable protocol: https://ai.google.dev/gemini-api/docs/files#upload_a_file */
async function upload(call: Call, { files, uploads, journal }: Parts): Promise<Reply> {
  const { headers } = call.request;
  const command = String(headers['x-goog-upload-command'] ?? '').replaceAll(' ', '');
  if (command === 'start') return start(call, uploads);
  const id = call.query.get('upload_id') ?? '';
  if (command === 'query')
    return active({ 'x-goog-upload-size-received': String(uploads.received(id)) });
  if (command !== 'upload' && command !== 'upload,finalize')
    throw invalid(`The upload command is ${command}.`);
  await uploads.append(id, Number(headers['x-goog-upload-offset']), call.request);
  if (command === 'upload') return active({});
  const { bytes, displayName, mimeType } = uploads.finish(id);
  const file = files.add(
    {
      id: randomBytes(6).toString('hex'),
      bytes,
      mimeType,
      source: 'UPLOADED',
      ...(displayName === undefined ? {} : { displayName }),
    },
    uploads.path(id),
  );
  journal.append({ event: 'uploaded', fileId: `files/${file.id}`, bytes });
  const json = { file: files.view(file) };
  return { status: 200, json, headers: { 'x-goog-upload-status': 'final' } };
}

async function start({ request }: Call, uploads: Uploads): Promise<Reply> {
  const { headers } = request;
  const { file } = await readJson(request, invalid);
  const { displayName, display_name: snakeName } = isObject(file) ? file : {};
  const name = displayName ?? snakeName;
  const id = uploads.start({
    bytes: Number(headers['x-goog-upload-header-content-length']),
    mimeType: String(headers['x-goog-upload-header-content-type']),
    ...(typeof name === 'string' ? { displayName: name } : {}),
  });
  const query = `upload_id=${id}&upload_protocol=resumable`;
  return active({
    'x-goog-upload-url': `http://${headers.host}/upload/v1beta/files?${query}`,
    'x-goog-upload-chunk-granularity': '262144',
  });
}

function active(headers: Readonly<Record<string, string>>): Reply {
  return { status: 200, json: {}, headers: { 'x-goog-upload-status': 'active', ...headers } };
}
