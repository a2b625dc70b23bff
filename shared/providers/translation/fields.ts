import type * as z from 'zod';
import { refusal } from '../../batch/errors.ts';

/** Fields that no provider is told: they say nothing of the request itself. */
const ENVELOPE: ReadonlySet<string> = new Set(['model', 'messages']);

/** A field, at any depth, whose value asks for what happens anyway. */
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

export interface Expressible {
  /** For the error, such as `Anthropic`. */
  readonly provider: string;
  /** Top-level fields that this provider can express, besides `model` and `messages`. */
  readonly fields: ReadonlySet<string>;
  /** The entry's `dropFields`. */
  readonly dropFields: readonly string[];
}

/**
 * The body without what may be dropped and what asks for nothing.
 *
 * @throws RefusedError naming the first field that the provider cannot express
 */
export function expressible(
  body: Readonly<Record<string, unknown>>,
  { provider, fields, dropFields }: Expressible,
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
 * Checks an object inside of the body. What is not known may be dropped by its path without
 * indexes, such as `messages.name`.
 *
 * @param place such as `body.messages[2]`
 * @throws RefusedError naming the first field that nobody can express
 */
export function checkFields(
  value: object,
  known: readonly string[],
  place: string,
  { provider, dropFields }: Expressible,
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
 * Parses by a schema, whose messages never hold what was found.
 *
 * @throws RefusedError naming the place and what is allowed there
 */
export function parseBody<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const place = (issue?.path ?? [])
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
    .join('');
  throw refusal('invalid_field', `body${place}: ${issue?.message ?? 'is not as it must be'}`);
}

function isHarmless(name: string, value: unknown): boolean {
  if (value === undefined || value === null) return true;
  // OpenAI's own answers, put into the next request, have `annotations: []`.
  if (Array.isArray(value) && value.length === 0) return true;
  return Object.hasOwn(HARMLESS, name) && (HARMLESS[name]?.includes(value) ?? false);
}
