import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { messageOf } from '../../../shared/batch/errors.ts';
import type { Parsed } from '../../../shared/invalid/shown.ts';
import { invalidLines, invalidText } from '../../../shared/invalid/text.ts';
import { ZODS_WORDS } from '../../support/zodsWords.ts';

function errorOf(schema: z.ZodType, input: unknown): z.ZodError {
  const { error } = schema.safeParse(input);
  if (!error) throw new Error('the input is valid');
  return error;
}

const textOf = (schema: z.ZodType, input: unknown, parsed: Parsed = {}): string =>
  invalidText(errorOf(schema, input), { input, schema, ...parsed });

const kinds = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('openai'), baseUrl: z.url().optional() }),
  z.strictObject({ kind: z.literal('anthropic') }),
]);

describe('every code of an issue has its words:', () => {
  it.each<[code: string, schema: z.ZodType, input: unknown, text: string]>([
    [
      'invalid_type',
      z.object({ priority: z.int() }),
      { priority: 'high' },
      'priority: "high" is not a whole number',
    ],
    ['invalid_type', z.object({ a: z.int() }), { a: 1.5 }, 'a: 1.5 is not a whole number'],
    ['invalid_type', z.object({ a: z.string() }), {}, 'a is missing: must be a text'],
    [
      'invalid_type',
      z.object({ a: z.boolean() }),
      { a: 'yes' },
      'a: "yes" is neither true nor false',
    ],
    ['invalid_type', z.object({ a: z.number() }), { a: Number.NaN }, 'a: NaN is not a number'],
    ['invalid_type', z.object({ a: z.date() }), { a: null }, 'a: null is not a time'],
    ['invalid_type', z.object({ a: z.array(z.string()) }), { a: [5] }, 'a[0]: 5 is not a text'],
    [
      'invalid_type',
      z.record(z.string(), z.number()),
      { 'gpt-4.1': '1' },
      '["gpt-4.1"]: "1" is not a number',
    ],
    [
      'invalid_type',
      z.map(z.string(), z.number()),
      new Map([['a', 'b']]),
      'a: "b" is not a number',
    ],
    ['invalid_type', z.object({}), 5, '5 is not an object'],
    ['too_small', z.number().min(1), 0, '0 must be at least 1'],
    ['too_small', z.number().positive(), 0, '0 must be more than 0'],
    ['too_small', z.string().min(1), '', '"" must not be empty'],
    ['too_small', z.string().length(3), 'x', '"x" must have exactly 3 characters'],
    ['too_big', z.number().max(499), 600, '600 must be at most 499'],
    ['too_big', z.number().lt(1), 1, '1 must be less than 1'],
    ['too_big', z.array(z.int()).max(1), [1, 2], '[1,2] must have at most 1 entry'],
    ['invalid_format', z.url(), 'x', '"x" must be a whole URL, such as https://host.example/v1'],
    [
      'invalid_format',
      z.iso.datetime(),
      'x',
      '"x" must be a time with its zone, such as 2027-01-31T09:00:00Z',
    ],
    ['invalid_format', z.string().startsWith('/'), 'x', '"x" must start with "/"'],
    ['invalid_format', z.string().endsWith('/'), 'x', '"x" must end with "/"'],
    ['invalid_format', z.string().includes('/'), 'x', '"x" must contain "/"'],
    ['invalid_format', z.string().regex(/^a/), 'x', '"x" must match /^a/'],
    ['invalid_format', z.uuid(), 'x', '"x" must have the format uuid'],
    ['not_multiple_of', z.number().multipleOf(5), 3, '3 must be a multiple of 5'],
    [
      'unrecognized_keys',
      z.strictObject({ providers: z.string() }),
      { providers: 'a', providerz: 1 },
      'providerz: is not known here: did you mean providers?',
    ],
    [
      'unrecognized_keys',
      z.strictObject({ a: z.strictObject({ b: z.int() }) }),
      { a: { b: 1, x: 2 } },
      'a.x: is not known here: known are b',
    ],
    [
      'unrecognized_keys',
      kinds,
      { kind: 'openai', size: 1 },
      'size: is not known here: known are kind, baseUrl',
    ],
    [
      'invalid_union',
      kinds,
      { kind: 'opnai' },
      'kind: "opnai" is none of openai, anthropic: did you mean openai?',
    ],
    ['invalid_union', kinds, {}, 'kind is missing: must be one of openai, anthropic'],
    ['invalid_union', z.union([z.string(), z.number()]), true, 'true is not a text or a number'],
    [
      'invalid_union',
      z.union([z.literal('all'), z.object({ a: z.int() })]),
      { a: 'x' },
      'a: "x" is not a whole number',
    ],
    [
      'invalid_union',
      z.xor([z.string(), z.string()]),
      'x',
      '"x" must be of one form, and fits several',
    ],
    [
      'invalid_key',
      z.record(z.string().max(1), z.int()),
      { ab: 1 },
      'ab: the name must have at most 1 character',
    ],
    [
      'invalid_element',
      z.map(z.object({}), z.int()),
      new Map([[{}, 'x']]),
      'a text is not a number',
    ],
    ['invalid_value', z.enum(['a', 'b']), 'c', '"c" is none of a, b'],
    ['invalid_value', z.literal('POST'), 'GET', '"GET" must be "POST"'],
    ['custom', z.number().refine((n) => n > 1, 'must be prime'), 1, '1 must be prime'],
    [
      'custom',
      z.number().refine((n) => n > 1),
      1,
      '1 must have another form: see the documentation',
    ],
    [
      'custom',
      z.object({ a: z.int() }).refine(() => false, { path: ['a'], error: 'leave it out' }),
      { a: 1 },
      'a is 1: leave it out',
    ],
  ])('%s', (code, schema, input, text) => {
    const error = errorOf(schema, input);
    expect(error.issues[0]?.code).toBe(code);
    expect(invalidText(error, { input, schema })).toBe(text);
    for (const each of [invalidText(error), textOf(schema, input, { isHidden: true })])
      expect(each).not.toMatch(ZODS_WORDS);
  });
});

it('without the input, the type of a value is told', () => {
  const schema = z.object({ data: z.array(z.int()), id: z.string() });
  const error = errorOf(schema, { data: 'x' });
  expect(messageOf(error)).toBe('data: a text is not a list; id is missing: must be a text');
});

it('a text names three problems, and the lines all', () => {
  const schema = z.array(z.int());
  const input = ['a', 'b', 'c', 'd', 'e'];
  const error = errorOf(schema, input);
  expect(invalidText(error, { input, schema })).toBe(
    '[0]: "a" is not a whole number; [1]: "b" is not a whole number; [2]: "c" is not a whole number; and more',
  );
  expect(invalidLines(error, { input, schema, root: 'list' })).toHaveLength(5);
  expect(invalidLines(error, { input, schema, root: 'list' })[4]).toBe(
    'list[4]: "e" is not a whole number',
  );
});

describe('no text holds', () => {
  it.each<[string, z.ZodType, unknown]>([
    [
      'a prompt',
      z.object({ requests: z.array(z.object({ body: z.int() })) }),
      { requests: [{ body: 'hush-hush' }] },
    ],
    ['a secret', z.object({ secretArn: z.url() }), { secretArn: 'hush-hush' }],
    ['an object with a secret', z.string(), { apiKey: 'hush-hush' }],
    ['a key in the wrong place', z.int(), 'sk-hush-hush-1234567890'],
    ['the user of a URL', z.int(), 'https://me:hush-hush@host.example'],
  ])('%s', (_, schema, input) => {
    expect(textOf(schema, input)).not.toContain('hush');
  });

  it('a long value, or one that no JSON holds', () => {
    const loop: Record<string, unknown> = {};
    loop.self = loop;
    expect(textOf(z.int(), 'x'.repeat(5_000))).toBe(`"${'x'.repeat(100)}…" is not a whole number`);
    expect(textOf(z.int(), [...'x'.repeat(5_000)])).toBe('a list is not a whole number');
    expect(textOf(z.int(), loop)).toBe('an object is not a whole number');
    expect(textOf(z.int(), 5n)).toBe('a bigint is not a whole number');
  });
});
