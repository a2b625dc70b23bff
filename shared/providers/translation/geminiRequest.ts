import * as z from 'zod';
import type { Chat } from './chat.ts';
import { cannotExpress, expressible, parseBody } from './fields.ts';
import { contentsOf, thinkingConfigOf, toolFieldsOf } from './geminiContents.ts';
import { readChat } from './readChat.ts';

export interface GeminiRules {
  /** For errors, such as `Gemini`. */
  readonly provider: string;
  /** The entry's `dropFields`. */
  readonly dropFields: readonly string[];
  /** The provider's name for the model, on which some fields depend. Default: the request's. */
  readonly model?: string | undefined;
}

/**
 * A chat completion request as a GenerateContentRequest, which names no model:
 * https://ai.google.dev/api/generate-content#request-body
 *
 * @throws RefusedError naming the field that is malformed, or that Gemini cannot express
 */
export function generateContentRequest(
  body: Readonly<Record<string, unknown>>,
  { provider, dropFields, model = String(body.model) }: GeminiRules,
): Record<string, unknown> {
  const fields = expressibleFields(body, { provider, dropFields, model });
  const chat = readChat(body, { provider, dropFields, fields });
  const instructions = chat.instructions.filter((text) => text !== '');
  const generationConfig = generationConfigOf(chat, model);
  return {
    contents: contentsOf(chat.turns, { provider, model }),
    ...(instructions.length === 0
      ? {}
      : { systemInstruction: { parts: instructions.map((text) => ({ text })) } }),
    ...toolFieldsOf(chat, provider),
    ...(Object.keys(generationConfig).length === 0 ? {} : { generationConfig }),
  };
}

/**
 * An embeddings request as an EmbedContentRequest, which holds one text and names no model:
 * https://ai.google.dev/api/embeddings#request-body
 *
 * @throws RefusedError naming the field that is malformed, or that Gemini cannot express
 */
export function embedContentRequest(
  body: Readonly<Record<string, unknown>>,
  { provider, dropFields }: Omit<GeminiRules, 'model'>,
): Record<string, unknown> {
  return embeddingOf(body, { provider, dropFields });
}

interface Rules {
  readonly provider: string;
  readonly model: string;
  readonly dropFields: readonly string[];
}

const ALWAYS = [
  'tools',
  'tool_choice',
  'response_format',
  'max_tokens',
  'max_completion_tokens',
  'temperature',
  'top_p',
];

/** A field that Gemini takes with some values only; the others may be dropped. */
interface Condition {
  readonly field: string;
  readonly isMet: (value: unknown, model: string) => boolean;
  readonly fix: string;
}

/** https://ai.google.dev/api/generate-content#generationconfig */
const MAX_STOP_SEQUENCES = 5;
/** https://cloud.google.com/vertex-ai/generative-ai/docs/reference/rest/v1/GenerationConfig */
const MAX_CANDIDATES = 8;
const PENALTY = { min: -2, below: 2 };
/** `seed` is an int32. */
const SEED = { min: -(2 ** 31), max: 2 ** 31 - 1 };

const CONDITIONS: readonly Condition[] = [
  {
    field: 'n',
    isMet: (value) => isBetween(value, 1, MAX_CANDIDATES),
    fix: `use at most ${MAX_CANDIDATES}`,
  },
  {
    field: 'seed',
    isMet: (value) => isBetween(value, SEED.min, SEED.max),
    fix: `use a whole number from ${SEED.min} to ${SEED.max}`,
  },
  {
    field: 'stop',
    isMet: (value) => [value].flat().length <= MAX_STOP_SEQUENCES,
    fix: `use at most ${MAX_STOP_SEQUENCES} stop sequences`,
  },
  { field: 'presence_penalty', ...penalty() },
  { field: 'frequency_penalty', ...penalty() },
  {
    field: 'reasoning_effort',
    isMet: (value, model) => thinkingConfigOf(value, model) !== undefined,
    fix: 'use one that this Gemini model has: minimal, low, medium or high; none for 2.5 Flash',
  },
];

function penalty(): Omit<Condition, 'field'> {
  return {
    isMet: (value) => isBetween(value, PENALTY.min, PENALTY.below) && value !== PENALTY.below,
    fix: `use a number from ${PENALTY.min} to below ${PENALTY.below}`,
  };
}

/**
 * The fields of this request that Gemini can express.
 *
 * @throws RefusedError naming the first one whose value Gemini does not take
 */
export function expressibleFields(
  body: Readonly<Record<string, unknown>>,
  { provider, model, dropFields }: Rules,
): ReadonlySet<string> {
  const fields = new Set(ALWAYS);
  for (const { field, isMet, fix } of CONDITIONS) {
    const value = body[field];
    if (value === undefined || value === null) continue;
    if (isMet(value, model)) fields.add(field);
    else if (!dropFields.includes(field)) throw cannotExpress(`body.${field}`, provider, fix);
  }
  return fields;
}

/** What is no number at all is for the schema to refuse. */
function isBetween(value: unknown, min: number, max: number): boolean {
  return typeof value !== 'number' || (value >= min && value <= max);
}

/** https://ai.google.dev/api/generate-content#generationconfig */
export function generationConfigOf(chat: Chat, model: string): Record<string, unknown> {
  const { maxTokens, temperature, topP, stop, n, seed, reasoningEffort } = chat;
  const thinkingConfig = thinkingConfigOf(reasoningEffort, model);
  return {
    ...(maxTokens === undefined ? {} : { maxOutputTokens: maxTokens }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(topP === undefined ? {} : { topP }),
    ...(stop.length === 0 ? {} : { stopSequences: stop }),
    // 1 is the default, and the only one that every model takes.
    ...(n === undefined || n === 1 ? {} : { candidateCount: n }),
    ...(seed === undefined ? {} : { seed }),
    ...penaltiesOf(chat),
    ...(thinkingConfig === undefined ? {} : { thinkingConfig }),
    ...outputOf(chat),
  };
}

/** 0 is the default; some models refuse the fields themselves. */
function penaltiesOf({ presencePenalty, frequencyPenalty }: Chat): object {
  return {
    ...(presencePenalty ? { presencePenalty } : {}),
    ...(frequencyPenalty ? { frequencyPenalty } : {}),
  };
}

/** https://ai.google.dev/gemini-api/docs/structured-output; a schema is always kept to there. */
function outputOf({ responseFormat }: Chat): object {
  if (responseFormat === undefined || responseFormat.type === 'text') return {};
  const json = { responseMimeType: 'application/json' };
  return responseFormat.type === 'json_object'
    ? json
    : { ...json, responseJsonSchema: responseFormat.schema };
}

const FIELDS: ReadonlySet<string> = new Set(['input', 'dimensions', 'encoding_format']);

const requestSchema = z.looseObject({
  // Token arrays are of OpenAI's own tokenizer.
  input: z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]),
  dimensions: z.int().positive().nullish(),
  encoding_format: z.enum(['float', 'base64']).nullish(),
});

/** See `embedContentRequest`. */
export function embeddingOf(
  body: Readonly<Record<string, unknown>>,
  { provider, dropFields }: { readonly provider: string; readonly dropFields: readonly string[] },
): Record<string, unknown> {
  const kept = expressible(body, { provider, dropFields, fields: FIELDS });
  const { input, dimensions, encoding_format: encoding } = parseBody(requestSchema, kept);
  if (encoding === 'base64' && !dropFields.includes('encoding_format'))
    throw cannotExpress('body.encoding_format', provider, 'use float');
  const texts = [input].flat();
  if (texts.length > 1)
    throw cannotExpress('body.input', provider, 'send one text in each request');
  return {
    content: { parts: texts.map((text) => ({ text })) },
    ...(dimensions == null ? {} : { outputDimensionality: dimensions }),
  };
}
