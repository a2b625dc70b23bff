/** The requests that name what somebody has made, for every route. */

/** Ids of things of one tenant, or of the same forms and of nothing. */
export interface Ids {
  readonly file: string;
  readonly upload: string;
  /** Of the upload. */
  readonly part: string;
  /** Created over HTTP, of `file`, and ended with rows. */
  readonly batch: string;
  /** Added by a message. */
  readonly added: string;
}

export interface Probe {
  readonly what: string;
  readonly init?: RequestInit;
}

export const ABSENT: Ids = {
  file: `file-${'0'.repeat(24)}`,
  upload: `upload_${'0'.repeat(24)}`,
  part: `part_${'0'.repeat(24)}`,
  batch: `batch_${'0'.repeat(24)}`,
  added: 'added-of-nobody',
};

/** Ids of the files of a batch can be told from its own. */
const filesOf = ({ file, batch, added }: Ids): readonly string[] => [
  file,
  ...[batch, added].flatMap((id) => [`file-output-${id}`, `file-errors-${id}`, `file-input-${id}`]),
];

export const json = (body: object, headers = {}): RequestInit => ({
  body: JSON.stringify(body),
  headers: { 'content-type': 'application/json', ...headers },
});

export function form(
  name: string,
  text: string,
  fields: Readonly<Record<string, string>> = {},
): RequestInit {
  const body = new FormData();
  for (const [field, value] of Object.entries(fields)) body.set(field, value);
  body.set(name, new File([text], 'secret-name.jsonl'));
  return { body };
}

export const batchBody = (file: string) => ({
  input_file_id: file,
  endpoint: '/v1/embeddings',
  completion_window: '24h',
});
export const batchOf = (file: string, headers = {}) => json(batchBody(file), headers);

/**
 * For every route, the requests that name what somebody has made. A route without ids in its requests
 * has none: what it lists or makes is tested below.
 */
export const PROBES: Readonly<Record<string, (ids: Ids) => readonly Probe[]>> = {
  'POST /v1/files': () => [],
  'GET /v1/files': ({ file }) => [
    { what: `GET /v1/files?after=${file}` },
    { what: `GET /v1/files?after=${file}&order=asc&limit=1` },
  ],
  'GET /v1/files/:file': (ids) => filesOf(ids).map((id) => ({ what: `GET /v1/files/${id}` })),
  'DELETE /v1/files/:file': (ids) => filesOf(ids).map((id) => ({ what: `DELETE /v1/files/${id}` })),
  'GET /v1/files/:file/content': (ids) =>
    filesOf(ids).flatMap((id) => [
      { what: `GET /v1/files/${id}/content` },
      { what: `HEAD /v1/files/${id}/content` },
      { what: `GET /v1/files/${id}/content`, init: { headers: { range: 'bytes=0-9' } } },
    ]),
  'POST /v1/batches': ({ file }) =>
    // The one that says that it is a repeat comes first: each of the others counts as its first try.
    [{ 'x-stainless-retry-count': '1' }, { 'idempotency-key': 'of everybody' }, {}].map(
      (headers) => ({ what: 'POST /v1/batches', init: batchOf(file, headers) }),
    ),
  'GET /v1/batches': ({ batch, added }) =>
    [batch, added].flatMap((id) => [
      { what: `GET /v1/batches?after=${id}` },
      { what: `GET /v1/batches?after=${id}&limit=1` },
    ]),
  'GET /v1/batches/:batch': ({ batch, added }) =>
    [batch, added].map((id) => ({ what: `GET /v1/batches/${id}` })),
  'POST /v1/batches/:batch/cancel': ({ batch, added }) =>
    [batch, added].map((id) => ({ what: `POST /v1/batches/${id}/cancel` })),
  'POST /v1/uploads': () => [],
  'POST /v1/uploads/:upload/parts': ({ upload }) => [
    { what: `POST /v1/uploads/${upload}/parts`, init: form('data', 'x') },
  ],
  'POST /v1/uploads/:upload/complete': ({ upload, part }) => [
    { what: `POST /v1/uploads/${upload}/complete`, init: json({ part_ids: [part] }) },
  ],
  'POST /v1/uploads/:upload/cancel': ({ upload }) => [
    { what: `POST /v1/uploads/${upload}/cancel` },
  ],
  // The models of the deployment belong to no tenant.
  'GET /v1/models': () => [],
  'GET /v1/models/:model{.+}': () => [],
};
