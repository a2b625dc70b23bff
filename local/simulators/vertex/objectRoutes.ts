import type { Journal } from '../journal.ts';
import { pageOf } from '../page.ts';
import { type Call, type Reply, type Route, route } from '../router.ts';
import { invalid } from './errors.ts';
import type { ObjectRecord, Objects } from './objects.ts';

const USUAL_RESULTS = 1_000;

/** Cloud Storage's JSON API, but for uploads. */
export function objectRoutes(objects: Objects, journal: Journal): Route[] {
  const find = ({ parameters: { bucket = '', object = '' } }: Call) =>
    objects.get(bucket, decodeURIComponent(object));
  return [
    route('GET', '/storage/v1/b/:bucket/o', ({ parameters: { bucket = '' }, query }) => {
      const found = objects.list(bucket, query.get('prefix') ?? '');
      const limit = Number(query.get('maxResults') ?? USUAL_RESULTS);
      const page = pageOf(found, limit, query.get('pageToken'));
      if (!page) throw invalid('Invalid value for pageToken');
      const items = page.items.length === 0 ? undefined : page.items.map(objectView);
      const nextPageToken = page.hasMore ? page.items.at(-1)?.id : undefined;
      return { status: 200, json: { kind: 'storage#objects', items, nextPageToken } };
    }),
    route('GET', '/storage/v1/b/:bucket/o/:object', async (call): Promise<Reply> => {
      const record = find(call);
      if (call.query.get('alt') !== 'media') return { status: 200, json: objectView(record) };
      // `bytes=N-`
      const start = Number(/^bytes=(\d+)-$/.exec(call.request.headers.range ?? '')?.[1] ?? 0);
      const path = objects.contentPath(record);
      const file = { path, start, bytes: record.bytes - start, type: 'application/octet-stream' };
      return { status: start > 0 ? 206 : 200, file };
    }),
    route('DELETE', '/storage/v1/b/:bucket/o/:object', (call) => {
      const record = find(call);
      objects.delete(record);
      journal.append({ event: 'deleted', fileId: record.id });
      return { status: 204, json: undefined };
    }),
  ];
}

export function objectView({ bucket, name, bytes, createdAt }: ObjectRecord) {
  const timeCreated = new Date(createdAt).toISOString();
  return { kind: 'storage#object', bucket, name, size: String(bytes), timeCreated };
}
