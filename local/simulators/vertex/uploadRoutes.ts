import type { Journal } from '../journal.ts';
import { readJson } from '../readJson.ts';
import { type Call, type Reply, type Route, route } from '../router.ts';
import { invalid } from './errors.ts';
import { type LoadRequest, type Loads, parseLoadRequest } from './loads.ts';
import { objectView } from './objectRoutes.ts';
import type { Objects } from './objects.ts';
import type { Uploads } from './uploads.ts';

const OBJECTS = '/upload/storage/v1/b/:bucket/o';
const LOADS = '/upload/bigquery/v2/projects/:project/jobs';

interface Target {
  readonly bucket: string;
  readonly name: string;
}

/** Resumable uploads, which Cloud Storage and BigQuery have alike. */
export function uploadRoutes(
  uploads: Uploads,
  { objects, loads, journal }: { objects: Objects; loads: Loads; journal: Journal },
): Route[] {
  return [
    route('POST', OBJECTS, (call) => {
      const { bucket = '' } = call.parameters;
      const name = call.query.get('name');
      if (!name) throw invalid('Required parameter: name');
      return opened(call, uploads.open({ bucket, name } satisfies Target));
    }),
    route('PUT', OBJECTS, (call) =>
      receive(uploads, call, (path, target) => {
        const { bucket, name } = target as Target;
        const record = objects.put(bucket, name, path);
        journal.append({ event: 'uploaded', fileId: record.id, bytes: record.bytes });
        return objectView(record);
      }),
    ),
    route('POST', LOADS, async (call) =>
      opened(call, uploads.open(parseLoadRequest(await readJson(call.request, invalid)))),
    ),
    route('PUT', LOADS, (call) =>
      receive(uploads, call, async (path, target) =>
        loads.view(await loads.run(target as LoadRequest, path)),
      ),
    ),
  ];
}

function opened({ request, query }: Call, id: string): Reply {
  if (query.get('uploadType') !== 'resumable')
    throw invalid('Only resumable uploads are simulated');
  const path = request.url?.split('?')[0];
  const location = `http://${request.headers.host}${path}?uploadType=resumable&upload_id=${id}`;
  return { status: 200, json: undefined, headers: { location } };
}

/** Takes a chunk; `keep` takes over the whole file after the last one. */
async function receive(
  uploads: Uploads,
  { query, request }: Call,
  keep: (path: string, target: unknown) => unknown,
): Promise<Reply> {
  const id = query.get('upload_id') ?? '';
  const received = await uploads.receive(id, request);
  if ('received' in received) return incomplete(received.received);
  if ('answer' in received) return { status: 200, json: received.answer };
  const answer = await keep(received.path, received.target);
  uploads.finish(id, answer);
  return { status: 200, json: answer };
}

function incomplete(received: number): Reply {
  const range = received > 0 ? { range: `bytes=0-${received - 1}` } : {};
  return { status: 308, json: undefined, headers: range };
}
