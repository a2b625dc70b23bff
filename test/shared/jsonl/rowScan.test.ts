import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { failureOf } from '../../../shared/jsonl/failureOf.ts';
import { withOneId } from '../../../shared/jsonl/lines.ts';
import { RowScanner } from '../../../shared/jsonl/rowScan.ts';
import {
  answerRow,
  billedRow,
  classifyRow,
  errorRow,
  isAnswered,
  isObject,
  refusalRow,
  tryParseJson,
  usageOfRow,
} from '../../../shared/jsonl/rows.ts';
import { NAMELESS_ROW, positionedRow, unreadableRow } from '../../../shared/jsonl/unreadable.ts';

const TEXT = 'Grüße "模型" \\ 🎉\n\t\u0001 of a text that is longer than a few words';

/** Bodies of answers, as the endpoints of the providers have them and as adapters translate them. */
const BODIES: readonly object[] = [
  {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1_800_000_000,
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: TEXT,
          refusal: null,
          annotations: [],
          tool_calls: [
            { id: 'c', type: 'function', function: { name: 'f', arguments: '{"a":"\\"}"}' } },
          ],
        },
        logprobs: { content: [{ token: '"', logprob: -1.5e-7, bytes: [34], top_logprobs: [] }] },
        finish_reason: 'stop',
      },
    ],
    usage: {
      prompt_tokens: 20,
      completion_tokens: 5,
      total_tokens: 32,
      prompt_tokens_details: { cached_tokens: 3, audio_tokens: 0 },
      completion_tokens_details: { reasoning_tokens: 7 },
    },
    service_tier: 'default',
  },
  {
    id: 'resp_1',
    object: 'response',
    status: 'completed',
    error: null,
    output: [{ type: 'message', content: [{ type: 'output_text', text: TEXT }] }],
    usage: { input_tokens: 4, output_tokens: 5, input_tokens_details: { cached_tokens: 2 } },
  },
  { object: 'response', status: 'failed', error: { code: 'server_error', message: TEXT } },
  { object: 'response', status: 'cancelled', usage: null },
  { object: 'video', status: 'failed', error: { code: 'bad', message: '模型' } },
  {
    object: 'list',
    data: [{ object: 'embedding', index: 0, embedding: [0.1, -2e-3, 0, 1e10] }],
    usage: { prompt_tokens: 8, total_tokens: 8 },
  },
  {
    type: 'message',
    content: [{ type: 'text', text: TEXT }],
    usage: {
      input_tokens: 1,
      output_tokens: 2,
      cache_read_input_tokens: 3,
      cache_creation: { ephemeral_1h_input_tokens: 1 },
    },
  },
  { error: { code: 503, message: 'a gateway is busy' } },
  { error: 'a text', usage: [] },
  {},
];

const ROWS: readonly string[] = [
  ...BODIES.map((body, index) => answerRow(`request-${index}`, `req_${index}`, body)),
  refusalRow('a', 'r', { status: 429, code: 'rate_limit_exceeded', message: TEXT }),
  refusalRow('a', 'r', { status: 400, code: 'account_refused', message: TEXT }),
  errorRow('b', { code: 'batch_expired', message: TEXT }),
  unreadableRow('c', 'it was cut off'),
  billedRow('d', BODIES[0]),
  positionedRow(answerRow('e', 'r', BODIES[0]), 7),
  NAMELESS_ROW,
  ...[
    { custom_id: 'no id', response: { status_code: 200, body: {} } },
    { response: { body: {}, status_code: 0 }, custom_id: 'last', error: null },
    { id: 'x', custom_id: 'both', response: null, error: { message: 'no code' } },
    { custom_id: 'text', response: { status_code: '200', body: {} }, error: '' },
    { custom_id: 'odd', response: 'x', error: 'y' },
    { custom_id: 'nobody', response: { status_code: 200, body: null }, error: {} },
    { custom_id: 'more', error: null, extra: { custom_id: 'inner', deep: [[{ error: 1 }]] } },
    { custom_id: 'ünusual', response: { status_code: 200, body: {} } },
  ].map((row) => Buffer.from(JSON.stringify(row))),
].map(String);

/** Each row as JSON.stringify, Python's json.dumps and a generous service write it. */
const LINES = ROWS.flatMap((row) => [
  row,
  row.replaceAll(/(?<=[^\\]"|\d|null|[\]}])([:,])(?=["\d{[n])/g, '$1 '),
  row.replaceAll(/[\u0080-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`),
]);

function factsOf(row: Parameters<typeof failureOf>[0]) {
  const { custom_id: customId, error } = row;
  return {
    customId,
    outcome: classifyRow(row),
    usage: usageOfRow(row),
    failure: failureOf(row),
    isAnswered: isAnswered(row),
    error: isObject(error) ? error : undefined,
  };
}

const scanner = new RowScanner();
type Scanned = ReturnType<RowScanner['scan']>;

/** Asserts that what the scanner says of a line, if it says anything, is what the parser finds. */
function compare(line: Uint8Array): Scanned {
  const scanned = scanner.scan(line);
  if (!scanned) return undefined;
  const parsed = tryParseJson(Buffer.from(line).toString());
  if (!isObject(parsed)) throw new Error('it is no JSON object');
  expect(factsOf(scanned)).toEqual(factsOf(parsed));
  expect(parsed).not.toHaveProperty('position');
  expect(parsed.id).not.toBe('batch_handler_billed');
  expect(withOneId(line, parsed)).toBe(line);
  return scanned;
}

/** The line amid the bytes of others, at any alignment. */
function amid(line: Uint8Array, offset: number, after: string): Uint8Array {
  const memory = Buffer.concat([Buffer.alloc(offset, '"'), line, Buffer.from(after)]);
  return memory.subarray(offset, offset + line.length);
}

const offset = fc.nat({ max: 7 });
const line = fc.constantFrom(...LINES).map((text) => Buffer.from(text));

/** One change: a byte, a bit, a cut, a piece taken out, doubled, or put in from another row. */
const PIECES = [
  ...['"', '\\', '}', '{', ',', ':', '"custom_id":"z",', '"error":{},', '"error":"x",', '\\u00e9'],
  ...['null', '0', '-', '1.', 'e', '\t', '\n', '\0', '\u00a0', '"status_code":200,', '[', ']'],
  ...['"usage":{},', '"body":{},', '"position":1,', '"custom\\u005fid":"z",', '"\\x"', '\u2028'],
];
const change = fc.oneof(
  fc.record({ at: fc.nat(), byte: fc.nat({ max: 255 }) }),
  fc.record({ at: fc.nat(), bit: fc.nat({ max: 7 }) }),
  fc.record({ at: fc.nat(), length: fc.nat({ max: 40 }), piece: fc.constant('') }),
  fc.record({ at: fc.nat(), length: fc.constant(0), piece: fc.constantFrom(...PIECES) }),
  fc.record({ at: fc.nat(), end: fc.constantFrom('', '}', '"}', '}}}', 'null}') }),
);
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;

function changed(bytes: Buffer, how: Change): Buffer {
  const at = bytes.length === 0 ? 0 : how.at % bytes.length;
  const head = bytes.subarray(0, at);
  if ('byte' in how) return Buffer.concat([head, Buffer.of(how.byte), bytes.subarray(at + 1)]);
  if ('bit' in how) {
    const flipped = Buffer.of((bytes[at] ?? 0) ^ (1 << how.bit));
    return Buffer.concat([head, flipped, bytes.subarray(at + 1)]);
  }
  if ('end' in how) return Buffer.concat([head, Buffer.from(how.end)]);
  return Buffer.concat([head, Buffer.from(how.piece), bytes.subarray(at + how.length)]);
}

describe('scanning a row', () => {
  it.each(LINES)('says what the parser finds: %s', (text) => {
    for (let start = 0; start < 8; start++) compare(amid(Buffer.from(text), start, `\n${ROWS[0]}`));
  });

  it('is sure of answers and of errors in the usual form', () => {
    const usual = [...ROWS.slice(0, 8), ...ROWS.slice(9, 14)];
    for (const text of usual) expect(scanner.scan(Buffer.from(text)), text).toBeDefined();
  });

  it.each([
    ['an escaped id', '{"custom_id":"\\u0061"}'],
    ['an escaped name', '{"custom_id":"a","\\u0065rror":{"code":"x"}}'],
    ['an id given twice', '{"custom_id":"a","custom_id":"a"}'],
    ['an id beyond ASCII', '{"custom_id":"ä"}'],
    ['no id', '{"response":null}'],
    ['an error given twice', '{"custom_id":"a","error":null,"error":{"code":"x"}}'],
    ['a position', '{"custom_id":"a","position":1}'],
    ['a status as text', '{"custom_id":"a","response":{"status_code":"200"}}'],
    ['a fraction', '{"custom_id":"a","response":{"status_code":2.5}}'],
    ['a control character', '{"custom_id":"a","x":"\u0001"}'],
    ['an unknown escape', '{"custom_id":"a","x":"\\x"}'],
    ['a number that no JSON has', '{"custom_id":"a","x":01}'],
    ['a cut text', '{"custom_id":"a","x":"}'],
    ['a cut object', '{"custom_id":"a","x":{}'],
    ['more after its end', '{"custom_id":"a"}}'],
    ['another bracket', '{"custom_id":"a","x":[}}'],
    ['a comma too many', '{"custom_id":"a",}'],
    ['deep nesting', `{"custom_id":"a","x":${'['.repeat(99)}${']'.repeat(99)}}`],
    ['blanks behind it', '{"custom_id":"a"} '],
    ['nothing', ''],
  ])('leaves %s to the parser', (_, text) => {
    for (const after of ['"}}]}', '}', '}}'])
      expect(scanner.scan(amid(Buffer.from(text), 3, after))).toBeUndefined();
  });

  it('never contradicts the parser, whatever has happened to a row', () => {
    const numRuns = Number(process.env.SCAN_RUNS ?? 5_000);
    const changes = fc.array(change, { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(line, changes, offset, fc.constantFrom(...LINES), (bytes, hows, start, after) => {
        compare(amid(hows.reduce(changed, bytes), start, after));
      }),
      { numRuns },
    );
  });

  it('never contradicts the parser about any JSON', () => {
    const fields = fc.dictionary(
      fc.constantFrom('id', 'custom_id', 'response', 'error', 'body', 'x', '__proto__'),
      fc.jsonValue({ maxDepth: 3 }),
    );
    fc.assert(
      fc.property(fields, fc.jsonValue(), fields, offset, (row, body, response, start) => {
        const text = JSON.stringify({
          custom_id: 'a',
          ...row,
          response: { status_code: 200, ...response, body },
        });
        compare(amid(Buffer.from(text), start, ''));
      }),
    );
  });

  it('is never sure of a row that was cut off', () => {
    for (const text of ROWS) {
      const bytes = Buffer.from(text);
      for (let end = 0; end < bytes.length; end++)
        if (scanner.scan(amid(bytes.subarray(0, end), 1, text)))
          throw new Error(text.slice(0, end));
    }
  });
});
