import fc from 'fast-check';

/** Requests with anything in any place of them, most of them near to what the API takes. */

/** What is sent. Names such as `$0` in it stand for ids of things that there are. */
export interface Sent {
  readonly method: string;
  readonly path: string;
  readonly query: readonly (readonly [string, string])[];
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string | Uint8Array | undefined;
  /** Whether the connection breaks after the body. */
  readonly breaks: boolean;
}

const known = fc.constantFrom('$0', '$1', '$2', '$3');
const text = fc.string({ unit: 'binary', maxLength: 40 });
const odd = fc.oneof(
  text,
  fc.constantFrom(
    ...['', '..', '../..', '%2e%2e%2f', '%2f', '%00', '%', '%ff', 'é', '😀', '\ud800', '__proto__'],
    ...['null', '-1', '0', '1e999', 'NaN', '[]', '{}', 'x'.repeat(5_000), 'file-output-$0'],
    ...['file-errors-$0', 'file-input-$0', '$0/1', 'batch_000000000000000000000000', "'; --"],
  ),
);
const name = fc.oneof({ weight: 3, arbitrary: known }, { weight: 1, arbitrary: odd });

/** What the API has, and some that it has not. */
const ROUTES = [
  ...['POST files', 'GET files', 'GET files/{}', 'DELETE files/{}', 'GET files/{}/content'],
  ...[
    'POST uploads',
    'POST uploads/{}/parts',
    'POST uploads/{}/complete',
    'POST uploads/{}/cancel',
  ],
  ...['POST batches', 'GET batches', 'GET batches/{}', 'POST batches/{}/cancel'],
  ...['GET models', 'GET models/{}', 'GET uploads/{}', 'POST nothing/{}'],
] as const;

const route = fc.oneof(
  {
    weight: 9,
    arbitrary: fc.tuple(fc.constantFrom(...ROUTES), name).map(([each, id]) => {
      const [method = '', path = ''] = each.split(' ');
      return { method, path: `/v1/${path.replace('{}', () => id)}` };
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      method: fc.constantFrom(
        'PUT',
        'PATCH',
        'HEAD',
        'OPTIONS',
        'PROPFIND',
        'get',
        'POST',
        'DELETE',
      ),
      path: fc.oneof(
        fc.constantFrom(...ROUTES).map((each) => `/v1/${each.split(' ')[1]}`),
        fc.webPath(),
        text.map((each) => `/${each}`),
      ),
    }),
  },
);

const query = fc.array(
  fc.tuple(
    fc.constantFrom('limit', 'after', 'order', 'purpose', 'before', '', '__proto__'),
    fc.oneof(name, fc.constantFrom('asc', 'desc', '1', '100', '101', '10001', 'batch')),
  ),
  { maxLength: 4 },
);

const headers = fc.array(
  fc.oneof(
    fc.tuple(
      fc.constantFrom('idempotency-key', 'x-stainless-retry-count', 'range', 'if-range'),
      odd,
    ),
    fc.tuple(
      fc.constant('range'),
      fc.constantFrom(
        'bytes=0-',
        'bytes=-1',
        'bytes=5-1',
        'bytes=0-0,2-3',
        'bytes=9e9-',
        'bytes=-',
      ),
    ),
    fc.tuple(fc.constant('x-stainless-retry-count'), fc.constantFrom('0', '1', '2', '1e9')),
    fc.tuple(
      fc.constant('content-type'),
      fc.constantFrom('', 'text/plain', 'application/json; charset=utf-16', 'multipart/form-data'),
    ),
    fc.tuple(
      fc.constantFrom('content-length', 'expect', 'accept', 'x-forwarded-for', 'cookie'),
      odd,
    ),
  ),
  { maxLength: 4 },
);

const value = fc.oneof(
  odd,
  known,
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom<unknown>(Number.MAX_VALUE, -0, 1e21, 2 ** 53, [], [[[[]]]], {}, null, true),
);
/** A field that is right, wrong or absent. */
const near = (right: unknown) =>
  fc.oneof(
    { weight: 12, arbitrary: fc.constant(right) },
    { weight: 1, arbitrary: value },
    { weight: 1, arbitrary: fc.constant(undefined) },
  );

const lifetime = near({ anchor: 'created_at', seconds: 3_600 });
const json = fc.oneof(
  fc.record({
    input_file_id: near('$1'),
    endpoint: near('/v1/embeddings'),
    completion_window: near('24h'),
    metadata: near({ a: 'b' }),
    output_expires_after: lifetime,
    provider: near(undefined),
  }),
  fc.record({
    ...{ filename: near('f.jsonl'), purpose: near('batch'), bytes: near(4) },
    ...{ mime_type: near('text/jsonl'), expires_after: lifetime },
  }),
  fc.record({ part_ids: near(['$3']), md5: near(undefined) }),
  fc.dictionary(odd, value, { maxKeys: 5 }),
  value,
);
const deep = fc.integer({ min: 1, max: 20_000 }).map((depth) => '['.repeat(depth));
const jsonText = fc.oneof(
  { weight: 8, arbitrary: json.map((each) => JSON.stringify(each) ?? '') },
  { weight: 1, arbitrary: deep },
  { weight: 1, arbitrary: fc.constant(`{"metadata":{"a":"\\ud800"},"x":${'9'.repeat(400)}}`) },
);

const disposition = (fields: string) => `content-disposition: form-data; ${fields}`;
const formPart = fc.oneof(
  fc.constantFrom(
    `${disposition('name="purpose"')}\r\n\r\nbatch`,
    `${disposition('name="file"; filename="f.jsonl"')}\r\n\r\n{"custom_id":"a"}\n`,
    `${disposition('name="data"; filename="p"')}\r\ncontent-type: text/plain\r\n\r\none\n`,
    `${disposition('name="expires_after[seconds]"')}\r\n\r\n3600`,
    `${disposition('name="expires_after[anchor]"')}\r\n\r\ncreated_at`,
    `${disposition(`name="file"; filename="${'n'.repeat(9_000)}"`)}\r\n\r\nx`,
    `${disposition('name="file"; filename="../../etc/passwd"')}\r\n\r\nx`,
    `${disposition("name=file; filename*=utf-8''%ff%fe")}\r\n\r\nx`,
    `${disposition('name="__proto__[polluted]"')}\r\n\r\nyes`,
    'no headers at all',
    '',
  ),
  fc
    .tuple(odd, odd, odd)
    .map(
      ([field, file, content]) =>
        `${disposition(`name="${field}"; filename="${file}"`)}\r\n\r\n${content}`,
    ),
);

/** A form, and how its content type names its boundary. */
const form = fc
  .record({
    parts: fc.oneof<fc.Arbitrary<readonly string[]>[]>(
      fc.array(formPart, { maxLength: 6 }),
      fc.constant([
        `${disposition('name="purpose"')}\r\n\r\nbatch`,
        `${disposition('name="file"; filename="f.jsonl"')}\r\n\r\n{"custom_id":"a"}\n`,
      ]),
      // More fields than any limit.
      fc.constant(Array.from({ length: 2_000 }, () => `${disposition('name="a"')}\r\n\r\nb`)),
    ),
    boundary: fc.constantFrom('b', 'b', 'b', 'other', '"b"', '', 'x'.repeat(200)),
    cut: fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { freq: 3, nil: undefined }),
    isClosed: fc.constantFrom(true, true, false),
  })
  .map(({ parts, boundary, cut, isClosed }) => {
    const whole =
      parts.map((part) => `--b\r\n${part}\r\n`).join('') + (isClosed ? '--b--\r\n' : '');
    const body = cut === undefined ? whole : whole.slice(0, Math.floor(whole.length * cut));
    return { type: `multipart/form-data; boundary=${boundary}`, body };
  });

const content = fc.oneof(
  { weight: 4, arbitrary: jsonText.map((body) => ({ type: 'application/json', body })) },
  { weight: 4, arbitrary: form },
  {
    weight: 1,
    arbitrary: fc
      .uint8Array({ maxLength: 3_000 })
      .map((body) => ({ type: 'application/octet-stream', body })),
  },
  { weight: 1, arbitrary: fc.constant({ type: undefined, body: undefined }) },
);

export const requests: fc.Arbitrary<Sent> = fc
  .record({
    ...{ route, query, headers, content },
    breaks: fc.constantFrom(false, false, false, true),
    key: fc.oneof(
      { weight: 9, arbitrary: fc.constant('key-none') },
      { weight: 2, arbitrary: fc.constantFrom('key-red', 'key-operator', 'unknown', '') },
    ),
  })
  .map(({ route: { method, path }, content: { type, body }, headers: more, key, ...sent }) => ({
    ...{ ...sent, method, path, body },
    headers: [
      ['authorization', `Bearer ${key}`],
      ...(type === undefined ? [] : [['content-type', type] as const]),
      ...more,
    ],
  }));

/** @returns undefined for what is no HTTP request at all */
export function requestOf(sent: Sent, names: readonly string[]): Request | undefined {
  const named = (given: string) =>
    given.replace(/\$(\d)/g, (_, index) => names[Number(index)] ?? '');
  const { method, path, query: pairs, body, breaks } = sent;
  const bytes = typeof body === 'string' ? Buffer.from(named(body)) : body;
  try {
    const url = new URL(`http://localhost${named(path)}`);
    for (const [field, given] of pairs) url.searchParams.append(field, named(given).toWellFormed());
    const all = new Headers();
    for (const [field, given] of sent.headers) all.set(field, named(given));
    const hasBody = bytes !== undefined && !['GET', 'HEAD', 'get'].includes(method);
    const given = hasBody && { body: streamOf(bytes, breaks), duplex: 'half' as const };
    return new Request(url, { method, headers: all, ...given });
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Bytes in a few chunks, after which the connection may break. */
function streamOf(bytes: Uint8Array, breaks: boolean): ReadableStream<Uint8Array> {
  const size = Math.max(1, Math.ceil(bytes.length / 3));
  let start = 0;
  return new ReadableStream({
    pull(controller) {
      if (start < bytes.length) {
        controller.enqueue(bytes.subarray(start, start + size));
        start += size;
      } else if (breaks) controller.error(new Error('the connection broke'));
      else controller.close();
    },
  });
}
