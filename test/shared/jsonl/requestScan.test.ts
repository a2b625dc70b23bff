import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { checkRequest } from '../../../shared/jsonl/checkRequest.ts';
import { inspectInput } from '../../../shared/jsonl/inspect.ts';
import { compile } from '../../../shared/jsonl/requestScan/build.ts';
import { loadScanner, type ScanRequest } from '../../../shared/jsonl/requestScan/requestScan.ts';
import { createTokenEstimator } from '../../../shared/tokens/fileEstimator.ts';
import { chunked } from '../../support/streams.ts';
import { CORPORA } from '../tokens/corpora/index.ts';

const ROOM = join(import.meta.dirname, '..', '..', '..', 'shared', 'jsonl', 'requestScan');

let scan: ScanRequest;
beforeAll(() => {
  const loaded = loadScanner();
  if (!loaded) throw new Error('the engine does not run the scanner');
  scan = loaded;
});

/** Scans a line, holds what is found against the parser, and returns whether the scanner was sure. */
function agrees(line: string | Buffer): boolean {
  const bytes = Buffer.from(line);
  const found = scan(bytes);
  if (!found) return false;
  const { notAscii, ...facts } = found;
  const checked = checkRequest({ bytes });
  expect(checked, bytes.toString()).not.toHaveProperty('code');
  const { body, ...expected } = checked as Exclude<typeof checked, { code: string }>;
  expect(facts, bytes.toString()).toEqual(expected);
  const outside = bytes.filter((byte) => byte >= 0x80).length;
  expect(notAscii).toBe(outside);
  return true;
}

const request = (body: object, changes: object = {}) => ({
  custom_id: 'r-1',
  method: 'POST',
  url: '/v1/chat/completions',
  body: { model: 'm', ...body },
  ...changes,
});
const line = (body: object, changes?: object) => JSON.stringify(request(body, changes));
/** The line, with raw JSON in the place of the value "?". */
const raw = (json: string, body: object = { x: '?' }) => line(body).replace('"?"', json);

describe('the scanner finds what the parser finds in', () => {
  it.each(Object.keys(CORPORA))('requests of the corpus %s', (name) => {
    const bodies = CORPORA[name]?.(1, 60) ?? [];
    const sure = bodies.filter((body, index) => agrees(line(body, { custom_id: `r${index}` })));
    if (!JSON.stringify(bodies).includes('"data:')) expect(sure).toHaveLength(bodies.length);
  });

  it.each([
    line({}),
    line({ max_tokens: 5, n: 3 }),
    line({ max_completion_tokens: 0, max_tokens: 5 }),
    line({ max_output_tokens: 123_456 }),
    line({ n: 0, stream: false }),
    line({ input: 'x' }, { url: '/v1/embeddings' }),
    line({ input: ['x', 'y'], max_tokens: 4 }, { url: '/v1/embeddings' }),
    line({ input: [1, 2, 3] }, { url: '/v1/embeddings' }),
    line({ input: [[1, 2], [3]] }, { url: '/embeddings' }),
    line({ input: [] }, { url: '/v1/embeddings' }),
    line({}, { url: 'chat' }),
    line({}, { id: 'x', extra: [null, true, false, -1.5, 0, { a: {} }] }),
    raw('"\\ud800 \\u00e9 \\"\\\\\\/\\b\\f\\n\\r\\t"'),
    raw('  [ 1 , 2\t, "é語😀" ]\r '),
    raw('-0.0'),
    ` \t${line({})} \r`,
    `{"body":{"model":"m"},"url":"/v1/responses","method":"POST","custom_id":"last"}`,
    line({ x: 'y'.repeat(500_000) }),
  ])('%.120s', (text) => {
    expect(agrees(text)).toBe(true);
  });
});

describe('the scanner leaves to the parser', () => {
  it.each([
    ...['', '{', '[]', 'null', '"x"', '{}', `${line({})}x`, `${line({})},`, `\ufeff${line({})}`],
    ...[line({}).slice(0, -1), line({}).replace('POST', 'GET'), line({}, { custom_id: '' })],
    ...[line({}, { custom_id: 'x'.repeat(513) }), line({}, { custom_id: 5 }), line({}, { url: 1 })],
    ...[line({}, { custom_id: 'é' }), line({}, { custom_id: 'a\nb' }), line({}, { body: [] })],
    line({}).replace('{"custom_id"', '{"custom_id":"r-2","custom_id"'),
    line({}).replace('{"custom_id"', '{"custom\\u005fid":"r-2","custom_id"'),
    line({}).replace('"model"', '"model":"other","model"'),
    ...[line({ model: undefined }), line({ model: '' }), line({ model: 'a\u007f' })],
    ...[line({ stream: true }), line({ stream: null }), line({ max_tokens: null })],
    ...[line({ max_tokens: 1.5 }), line({ max_tokens: -1 }), line({ max_tokens: 10_000_001 })],
    ...[line({ max_tokens: 99_999_999_999 }), line({ n: 1_001 }), line({ n: '2' })],
    ...['01', '1.', '.5', '-', '+1', '1e5', '1e999', 'nul', 'True', 'NaN', "'x'"].map((json) =>
      raw(json),
    ),
    ...['"\u0001"', '"\\x"', '"\\u12g4"', '"open', '[1,]', '[,1]', '{"a":1,}', '{"a"}'].map(
      (json) => raw(json),
    ),
    ...['{a:1}', '[1 2]', '1'.repeat(400), '['.repeat(300) + ']'.repeat(300)].map((json) =>
      raw(json),
    ),
    line({ messages: [{ content: 'data:image/png;base64,AAAA' }] }),
    line({ x: 'y'.repeat(1_100_000) }),
  ])('%.120s', (text) => {
    expect(agrees(text)).toBe(false);
  });

  it('bytes that are not UTF-8, wherever they are', () => {
    const bytes = Buffer.from(line({ x: 'aé語😀' }));
    expect(agrees(bytes)).toBe(true);
    const damaged = [...bytes.keys()].filter((index) => (bytes[index] ?? 0) >= 0x80);
    for (const index of damaged) {
      const copy = Buffer.from(bytes);
      copy[index] = 0xff;
      expect(agrees(copy)).toBe(false);
    }
  });
});

describe('of any line, the scanner is unsure or finds what the parser finds', () => {
  const seeds = [
    line({ max_tokens: 20, n: 2, messages: [{ role: 'user', content: 'say "é" \\ \n' }] }),
    line({ input: ['a', 'b'], stream: false, x: [1.5, -2, true, null] }, { url: '/v1/embeddings' }),
    line({ input: [1, 2], max_output_tokens: 7, y: { z: [{}] } }, { id: null, url: '/responses' }),
  ];

  it('of values and members in any order', () => {
    const member = fc.constantFrom('model', 'n', 'input', 'stream', 'max_tokens', 'x', 'model\n');
    const body = fc.dictionary(member, fc.jsonValue(), { maxKeys: 6 });
    const whole = fc.record(
      {
        custom_id: fc.oneof(fc.string({ maxLength: 9 }), fc.jsonValue()),
        method: fc.constantFrom('POST', 'post'),
        url: fc.constantFrom('/v1/embeddings', '/embeddings', 'x', 5),
        body: fc.oneof(
          body.map((fields) => ({ model: 'm', ...fields })),
          fc.jsonValue(),
        ),
        id: fc.jsonValue(),
      },
      { requiredKeys: ['custom_id'] },
    );
    fc.assert(
      fc.property(whole, fc.constantFrom(undefined, 1), (value, space) => {
        agrees(JSON.stringify(value, undefined, space));
      }),
      { numRuns: 2_000 },
    );
  });

  it('of lines with bytes that were changed, left out, put in or doubled', () => {
    const change = fc.record({
      place: fc.nat(400),
      length: fc.nat(12),
      bytes: fc.oneof(
        fc
          .constantFrom(...'{}[]",:\\0-.eE+ tfn\t\r\u0000'.split(''))
          .map((text) => Buffer.from(text)),
        fc.uint8Array({ maxLength: 3 }).map((bytes) => Buffer.from(bytes)),
      ),
      kind: fc.constantFrom('replace', 'insert', 'leave out', 'double'),
    });
    const changes = fc.array(change, { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(fc.constantFrom(...seeds), changes, (seed, all) => {
        let bytes = Buffer.from(seed);
        for (const { place, length, bytes: given, kind } of all) {
          const start = place % bytes.length;
          const [before, cut] = [bytes.subarray(0, start), bytes.subarray(start, start + length)];
          const after = bytes.subarray(start + cut.length);
          if (kind === 'replace') bytes = Buffer.concat([before, given, after]);
          if (kind === 'insert') bytes = Buffer.concat([before, given, cut, after]);
          if (kind === 'leave out') bytes = Buffer.concat([before, after]);
          if (kind === 'double') bytes = Buffer.concat([before, cut, cut, after]);
        }
        agrees(bytes);
      }),
      { numRuns: 5_000 },
    );
  });

  it('of every line that is cut off', () => {
    for (const seed of seeds)
      for (let end = 0; end < seed.length; end++) expect(agrees(seed.slice(0, end))).toBe(false);
  });
});

describe('an inspection with the scanner', () => {
  const demands = {
    endpoint: undefined,
    endpoints: ['/v1/chat/completions', '/v1/embeddings'],
    limits: { maxRequests: 700, maxBytes: 200_000_000, maxEnqueuedTokens: 1_000_000_000 },
  };
  const inspect = async (text: string, isScanned: boolean) => {
    const problems: unknown[] = [];
    const fileBytes = Buffer.byteLength(text);
    const tokens = await createTokenEstimator({ fileBytes });
    const found = await inspectInput(
      chunked(text, 65_536),
      { ...demands, tokens, scan: isScanned ? scan : undefined },
      async (problem) => void problems.push(problem),
    );
    return { ...found, told: problems };
  };

  it('decides and says the same as one without', async () => {
    const lines = Array.from({ length: 30 }, (_, index) => line({}, { custom_id: `r${index}` }));
    lines[5] = '{';
    lines[7] = line({ model: 'other' }, { custom_id: 'r7' });
    lines[9] = line({ stream: true }, { custom_id: 'r9' });
    lines[11] = lines[3] ?? '';
    lines[13] = line({}, { custom_id: 'r13', url: '/v1/embeddings' });
    const { told, problems, firstReasons } = await inspect(lines.join('\n'), true);
    expect(told).toHaveLength(5);
    const parsed = await inspect(lines.join('\n'), false);
    expect({ told, problems, firstReasons }).toEqual({
      told: parsed.told,
      problems: parsed.problems,
      firstReasons: parsed.firstReasons,
    });
  });

  it.each(Object.keys(CORPORA))(
    'estimates the tokens of the corpus %s at most a twentieth off, and finds all else',
    async (name) => {
      const bodies = CORPORA[name]?.(2, 1_500) ?? [];
      const text = bodies.map((body, index) => line(body, { custom_id: `r${index}` })).join('\n');
      const scanned = await inspect(text, true);
      const parsed = await inspect(text, false);
      const exact = await createTokenEstimator({ exactCharacters: Number.POSITIVE_INFINITY });
      for (const body of bodies) exact.add(body);
      expect(Math.abs(scanned.estimatedTokens / exact.total() - 1)).toBeLessThan(0.05);
      const sum = scanned.slices.reduce((tokens, slice) => tokens + slice.estimatedTokens, 0);
      expect(Math.abs(sum / exact.total() - 1)).toBeLessThan(0.05);
      const tokens = { estimatedTokens: 0, slices: [] };
      expect({ ...scanned, ...tokens }).toEqual({ ...parsed, ...tokens });
      const places = ({ slices }: typeof scanned) =>
        slices.map(({ estimatedTokens, ...place }) => place);
      expect(places(scanned)).toEqual(places(parsed));
    },
  );
});

it('compiled.ts is what the compiler makes of module.ts', async () => {
  expect(readFileSync(join(ROOM, 'compiled.ts'), 'utf8')).toBe(await compile());
});
