import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inspectInput } from '../../../shared/jsonl/inspect.ts';
import type { InputDemands, LineProblem } from '../../../shared/jsonl/lineInspection.ts';
import { fakeEstimate } from '../../support/fakes/fakeTokens.ts';
import { chunked } from '../../support/streams.ts';

const DEMANDS: Omit<InputDemands, 'tokens'> = {
  endpoint: undefined,
  endpoints: ['/v1/chat/completions', '/v1/embeddings'],
  limits: { maxRequests: 50_000, maxBytes: 200_000_000, maxEnqueuedTokens: 1_000_000_000 },
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
  demands: Partial<InputDemands> = {},
) {
  const problems: LineProblem[] = [];
  const source =
    typeof input === 'string' || Buffer.isBuffer(input) ? chunked(input, 65_536) : input;
  const found = await inspectInput(
    source,
    { ...DEMANDS, tokens: fakeEstimate(), ...demands },
    async (problem) => {
      problems.push(problem);
    },
  );
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

  it('has one slice if it fits one job, and several otherwise', async () => {
    const one = await inspect(generated(50_000, (i) => request(`id-${i}`)));
    expect(one).toMatchObject({ codes: [], slices: [{ start: 0, requests: 50_000 }] });
    const two = await inspect(generated(50_001, (i) => request(`id-${i}`)));
    expect(two).toMatchObject({ codes: [], requests: 50_001 });
    expect(two.slices.map(({ requests }) => requests)).toEqual([50_000, 1]);
  });

  it('of over 200 MB is cut between two lines', async () => {
    const input = 'x'.repeat(999_000);
    const megabyte = (i: number) =>
      request(`id-${i}`, { body: { model: 'm', input } }).padEnd(999_999, ' ');
    expect((await inspect(generated(200, megabyte))).slices).toHaveLength(1);
    expect((await inspect(generated(201, megabyte))).slices).toMatchObject([
      { start: 0, end: 200_000_000, requests: 200 },
      { start: 200_000_000, end: 201_000_000, requests: 1 },
    ]);
  });

  it('is refused as soon as it needs over 200 jobs', async () => {
    const limits = { ...DEMANDS.limits, maxRequests: 1 };
    const found = await inspect(
      generated(1_000_000, (i) => request(`id-${i}`)),
      { limits },
    );
    expect(found.codes).toEqual(['- too_many_parts']);
    expect(found.requests).toBeLessThan(300);
  });

  it('must not contain a request as large as a whole job', async () => {
    const limits = { ...DEMANDS.limits, maxBytes: 100 };
    const found = await inspect(`${request('a'.repeat(100))}`, { limits });
    expect(found.codes).toEqual(['1 request_too_large']);
  });

  it('may contain the replacement character itself', async () => {
    const body = { model: 'm', input: 'cut\ufffd and 模型' };
    expect((await inspect(request('a', { body }))).codes).toEqual([]);
  });

  it('is also cut by texts to embed and by tokens', async () => {
    const list = request('a', { body: { model: 'm', input: ['x', 'y', 'z'] } });
    const tokens = request('b', { body: { model: 'm', input: [1, 2, 3] } });
    const requests = async (limits: object) => {
      const demands = { limits: { ...DEMANDS.limits, ...limits } };
      const found = await inspect(`${list}\n${tokens}\n${request('c')}`, demands);
      return found.slices.map((slice) => slice.requests);
    };
    expect(await requests({ maxEmbeddingInputs: 4 })).toEqual([2, 1]);
    expect(await requests({ maxEmbeddingInputs: 5 })).toEqual([3]);
    expect(await requests({ maxEnqueuedTokens: 1 })).toEqual([1, 1, 1]);
    expect(await requests({ maxEnqueuedRequests: 2 })).toEqual([2, 1]);
  });

  it('has slices that contain every line once, with any line ends', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('\n', '\r\n', '\n\n', ' \n'), { minLength: 1, maxLength: 30 }),
        fc.integer({ min: 1, max: 7 }),
        async (ends, maxRequests) => {
          const text = ends.map((end, i) => request(`id-${i}`) + end).join('');
          const found = await inspect(text, { limits: { ...DEMANDS.limits, maxRequests } });
          const ids: string[] = [];
          for (const { start, end, requests } of found.slices) {
            const lines = Buffer.from(text).subarray(start, end).toString().split('\n');
            const held = lines.filter((line) => line.trim() !== '');
            expect(held).toHaveLength(requests);
            ids.push(...held.map((line) => JSON.parse(line).custom_id));
          }
          expect(ids).toEqual(ends.map((_, i) => `id-${i}`));
        },
      ),
    );
  });
});

describe('problems of an input name their lines', () => {
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
    ['two custom_ids', request('a').replace('{', '{"custom_id":"b",'), '1 invalid_custom_id'],
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

  it('all of many, and the first 20 in the summary', async () => {
    const found = await inspect(generated(100, () => 'nonsense'));
    expect(found.codes).toHaveLength(100);
    expect(found.firstReasons).toHaveLength(20);
  });

  it('without quoting the request', async () => {
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
