import { describe, expect, it } from 'vitest';
import { type Demands, inspectInput, type Problem } from '../../../shared/jsonl/inspect.ts';
import { chunked } from '../../support/streams.ts';

const DEMANDS: Demands = {
  endpoint: undefined,
  endpoints: ['/v1/chat/completions', '/v1/embeddings'],
  limits: { maxRequests: 50_000, maxBytes: 200_000_000 },
};

const request = (id: unknown, changes: object = {}) =>
  JSON.stringify({
    custom_id: id,
    method: 'POST',
    url: '/v1/embeddings',
    body: { model: 'm', input: 'x' },
    ...changes,
  });

async function inspect(
  input: string | Buffer | AsyncIterable<Uint8Array>,
  demands: Partial<Demands> = {},
) {
  const problems: Problem[] = [];
  const source =
    typeof input === 'string' || Buffer.isBuffer(input) ? chunked(input, 65_536) : input;
  const found = await inspectInput(source, { ...DEMANDS, ...demands }, async (problem) => {
    problems.push(problem);
  });
  return {
    ...found,
    codes: problems.map(({ reason }) => `${reason.line ?? '-'} ${reason.code}`),
    problems,
    told: problems,
  };
}

async function* generated(
  count: number,
  line: (index: number) => string,
): AsyncGenerator<Uint8Array> {
  for (let index = 1; index <= count; index++) yield Buffer.from(`${line(index)}\n`);
}

describe('a good input', () => {
  it.each([
    ['with LF', '\n', '\n'],
    ['with CRLF', '\r\n', '\r\n'],
    ['without an end of the last line', '\n', ''],
    ['with blank lines at the end', '\n', '\n\n\n'],
  ])('%s is accepted', async (_, between, end) => {
    const found = await inspect(request('a') + between + request('b') + end);
    expect(found).toMatchObject({
      requests: 2,
      endpoint: '/v1/embeddings',
      model: 'm',
      problems: [],
      firstReasons: [],
    });
    expect(found.estimatedTokens).toBeGreaterThan(0);
  });

  it('may have a line of 5 MB', async () => {
    const large = request('a', { body: { model: 'm', input: 'x'.repeat(5_000_000) } });
    expect((await inspect(`${large}\n${request('b')}`)).codes).toEqual([]);
  });

  it('may have 50,000 requests, not 50,001', async () => {
    expect((await inspect(generated(50_000, (i) => request(`id-${i}`)))).codes).toEqual([]);
    const over = await inspect(generated(50_001, (i) => request(`id-${i}`)));
    expect(over.codes).toEqual(['- too_many_requests']);
    expect(over.firstReasons[0]?.message).toContain('over 50000 requests');
  });

  it('may have 200 MB, not 201', async () => {
    const input = 'x'.repeat(999_000);
    const megabyte = (i: number) =>
      request(`id-${i}`, { body: { model: 'm', input } }).padEnd(999_999, ' ');
    expect((await inspect(generated(200, megabyte))).codes).toEqual([]);
    expect((await inspect(generated(201, megabyte))).codes).toEqual(['- file_too_large']);
  });

  it('may embed as many texts as the provider takes', async () => {
    const limits = { ...DEMANDS.limits, maxEmbeddingInputs: 4 };
    const list = request('a', { body: { model: 'm', input: ['x', 'y', 'z'] } });
    const tokens = request('b', { body: { model: 'm', input: [1, 2, 3] } });
    expect((await inspect(`${list}\n${tokens}`, { limits })).codes).toEqual([]);
    const over = await inspect(`${list}\n${tokens}\n${request('c')}`, { limits });
    expect(over.codes).toEqual(['- too_many_embedding_inputs']);
  });
});

describe('a bad input is told with its lines', () => {
  it.each([
    ['an empty file', '', '- empty_file'],
    ['only blank lines', '\n \n', '- empty_file'],
    ['a byte order mark', `\u{feff}${request('a')}`, '1 byte_order_mark'],
    ['a byte order mark alone on its line', `\u{feff}\n${request('a')}`, '1 byte_order_mark'],
    ['nothing but a byte order mark', '\u{feff}', '1 byte_order_mark'],
    [
      'bytes that are no UTF-8',
      Buffer.concat([
        Buffer.from(`${request('a')}\n"`),
        Buffer.from([0xff, 0xfe]),
        Buffer.from('"'),
      ]),
      '2 invalid_utf8',
    ],
    ['a line that is no JSON', `${request('a')}\n{"custom_id":`, '2 invalid_json_line'],
    ['a line that is an array', '[1]', '1 invalid_json_line'],
    ['a line that is a number', '7', '1 invalid_json_line'],
    ['a line that is null', 'null', '1 invalid_json_line'],
    ['no custom_id', request(undefined), '1 missing_custom_id'],
    ['a number for a custom_id', request(5), '1 invalid_custom_id'],
    ['an empty custom_id', request(''), '1 invalid_custom_id'],
    ['a custom_id of 513 characters', request('x'.repeat(513)), '1 invalid_custom_id'],
    [
      'the same custom_id twice',
      `${request('a')}\n${request('b')}\n${request('a')}`,
      '3 duplicate_custom_id',
    ],
    ['a method that is not POST', request('a', { method: 'GET' }), '1 invalid_method'],
    ['no url', request('a', { url: undefined }), '1 invalid_url'],
    ['a url that no batch has', request('a', { url: '/v1/images' }), '1 unsupported_url'],
    [
      'a wrong url before the right ones',
      `${request('a', { url: '/v1/embedings' })}\n${request('b')}\n${request('c')}`,
      '1 unsupported_url',
    ],
    ['a line of over 32 MiB', `${request('a')}\n${'x'.repeat(33 << 20)}`, '2 line_too_long'],
    [
      'two urls',
      `${request('a')}\n${request('b', { url: '/v1/chat/completions' })}`,
      '2 url_mismatch',
    ],
    ['no body', request('a', { body: undefined }), '1 invalid_body'],
    ['no model', request('a', { body: {} }), '1 missing_model'],
    [
      'two models',
      `${request('a')}\n${request('b', { body: { model: 'n' } })}`,
      '2 model_mismatch',
    ],
    ['streaming', request('a', { body: { model: 'm', stream: true } }), '1 stream'],
  ])('%s', async (_, input, expected) => {
    const found = await inspect(input);
    expect(found.codes).toEqual([expected]);
    expect(found.firstReasons).toHaveLength(1);
  });

  it('a url that is not the endpoint of the message', async () => {
    const { codes } = await inspect(request('a'), { endpoint: '/v1/chat/completions' });
    expect(codes).toEqual(['1 url_mismatch']);
  });

  it('a broken line in the middle of 50,000', async () => {
    const found = await inspect(
      generated(50_000, (i) => (i === 25_000 ? '{"custom_id": "x"' : request(`id-${i}`))),
    );
    expect(found.firstReasons).toEqual([
      { code: 'invalid_json_line', message: expect.stringContaining('line 25000'), line: 25_000 },
    ]);
  });

  it('every one of many, the first 20 in the summary', async () => {
    const found = await inspect(generated(100, () => 'nonsense'));
    expect(found.codes).toHaveLength(100);
    expect(found.firstReasons).toHaveLength(20);
  });

  it('never in the words of a request', async () => {
    const secret = 'the secret prompt';
    const bad = [
      `{"custom_id": "a", "body": "${secret}`,
      `"${secret}"`,
      request('a', { body: secret }),
      request('a', { method: secret }),
    ];
    for (const line of bad)
      expect(JSON.stringify((await inspect(line)).told)).not.toContain('secret');
  });
});
