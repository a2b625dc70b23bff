import type * as z from 'zod';
import { refusal } from '../../batch/errors.ts';
import { invalidLines } from '../../invalid/text.ts';
import { UNREADABLE_ANSWER } from '../../jsonl/rows.ts';

/** Fields that are handled apart from the request's settings. */
const ENVELOPE: ReadonlySet<string> = new Set(['model', 'messages']);

/** Values, at any depth, that ask for what happens without the field. */
const HARMLESS: Readonly<Record<string, readonly unknown[]>> = {
  stream: [false],
  n: [1],
  temperature: [1],
  top_p: [1],
  presence_penalty: [0],
  frequency_penalty: [0],
  logprobs: [false],
  store: [false],
  parallel_tool_calls: [true],
  // Of an image.
  detail: ['auto'],
};

/** The fields of an embeddings request that providers can express. */
export const EMBEDDING_FIELDS: ReadonlySet<string> = new Set([
  'input',
  'dimensions',
  'encoding_format',
]);

/** The rules of a translation that every provider has. */
export interface TranslationRules {
  /** For errors, such as `Anthropic`. */
  readonly provider: string;
  /** The entry's `dropFields`. */
  readonly dropFields: readonly string[];
}

export interface ExpressibleRules extends TranslationRules {
  /** Top-level fields that the provider can express, besides `model` and `messages`. */
  readonly fields: ReadonlySet<string>;
  /** Default: none. */
  readonly extras?: MessageExtras | undefined;
}

/** What a provider takes in messages, besides texts and images that are in the request itself. */
export interface MessageExtras {
  /** Whether images and files may be web URLs, which the provider fetches. */
  readonly urls: boolean;
  /** The media types of files. */
  readonly files: readonly string[];
  /** Whether `cache_control` may mark parts of messages and tools, as in Anthropic's own API. */
  readonly cacheControl: boolean;
}

/** A field that a provider accepts only with some values. */
export interface FieldCondition {
  readonly field: string;
  readonly isMet: (value: unknown, body: Readonly<Record<string, unknown>>) => boolean;
  readonly fix: string;
}

/**
 * The fields of a request that a provider can express.
 *
 * @param always fields that it can express with any value
 * @throws RefusedError naming the first field whose value does not meet its condition, unless
 *   `dropFields` contains it
 */
export function expressibleFields(
  body: Readonly<Record<string, unknown>>,
  always: readonly string[],
  conditions: readonly FieldCondition[],
  { provider, dropFields }: TranslationRules,
): ReadonlySet<string> {
  const fields = new Set(always);
  for (const { field, isMet, fix } of conditions) {
    const value = body[field];
    if (isHarmless(field, value)) continue;
    if (isMet(value, body)) fields.add(field);
    else if (!dropFields.includes(field)) throw cannotExpress(`body.${field}`, provider, fix);
  }
  return fields;
}

/**
 * The body without fields that are dropped, and without fields that change nothing.
 *
 * @throws RefusedError naming the first field that the provider cannot express
 */
export function expressible(
  body: Readonly<Record<string, unknown>>,
  { provider, fields, dropFields }: ExpressibleRules,
): Record<string, unknown> {
  const kept: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(body)) {
    if (ENVELOPE.has(name) || fields.has(name)) kept[name] = value;
    else if (!dropFields.includes(name) && !isHarmless(name, value))
      throw cannotExpress(`body.${name}`, provider);
  }
  return kept;
}

/**
 * Checks the fields of an object inside the body. `dropFields` names unknown fields by their path
 * without indexes, such as `messages.name`.
 *
 * @param place such as `body.messages[2]`
 * @throws RefusedError naming the first field that no provider can express
 */
export function checkFields(
  value: object,
  known: readonly string[],
  place: string,
  { provider, dropFields }: TranslationRules,
): void {
  for (const [name, content] of Object.entries(value)) {
    if (known.includes(name) || isHarmless(name, content)) continue;
    const at = `${place}.${name}`;
    if (!dropFields.includes(droppableName(at))) throw cannotExpress(at, provider);
  }
}

/** @param place such as `body.messages[2].name` */
export function cannotExpress(place: string, provider: string, fix?: string) {
  const name = droppableName(place);
  const remedy = fix ?? `remove it, or list ${JSON.stringify(name)} in the entry's dropFields`;
  return refusal('unsupported_field', `${place} cannot be expressed for ${provider}: ${remedy}`);
}

function droppableName(place: string): string {
  return place.replace(/^body\./, '').replaceAll(/\[\d*\]/g, '');
}

/**
 * Parses a request's body. The schema's messages must not quote the content.
 *
 * @throws RefusedError naming the place and the allowed values
 */
export function parseBody<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const [first = ''] = invalidLines(parsed.error, { root: 'body' });
  throw refusal('invalid_field', first);
}

/**
 * Parses a provider's answer to one request.
 *
 * @param mismatch for the error, such as `none of Converse`
 * @throws RefusedError naming the place, without the answer's content
 */
export function parseAnswer<T>(schema: z.ZodType<T>, answer: unknown, mismatch: string): T {
  const parsed = schema.safeParse(answer);
  if (parsed.success) return parsed.data;
  const path = parsed.error.issues[0]?.path.map(String).join('.');
  throw refusal(UNREADABLE_ANSWER, `the answer is ${mismatch}: ${path || 'it is no object'}`);
}

/** A body in the model's own format. Batch jobs name the model, not their requests. */
export function withoutModel({ model: _, ...body }: Readonly<Record<string, unknown>>) {
  return body;
}

function isHarmless(name: string, value: unknown): boolean {
  if (value === undefined || value === null) return true;
  // OpenAI's answers, which become messages of the next request, have `annotations: []`.
  if (Array.isArray(value) && value.length === 0) return true;
  return Object.hasOwn(HARMLESS, name) && (HARMLESS[name]?.includes(value) ?? false);
}
