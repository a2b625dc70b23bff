import * as z from 'zod';
import { omitUndefined } from '../../omitUndefined.ts';
import type { ModelFacts, ModelFactsByName } from '../settings.ts';
import type { Chat } from './chat.ts';
import {
  cannotExpress,
  EMBEDDING_FIELDS,
  expressible,
  expressibleFields,
  type FieldCondition,
  parseBody,
  type TranslationRules,
} from './fields.ts';
import { GEMINI_EXTRAS, geminiContents, geminiToolFields, jsonOrText } from './geminiContents.ts';
import { geminiModelFacts, thinkingConfigOf } from './geminiModels.ts';
import { effortCondition, notTaken, refusePrefill, withModelFacts } from './modelFacts.ts';
import { readChat } from './readChat.ts';

export interface GeminiRules extends TranslationRules {
  /** The provider's name for the model, on which some fields depend. Default: the request's. */
  readonly model?: string | undefined;
  /** The entry's `modelFacts`. */
  readonly modelFacts?: ModelFactsByName | undefined;
  /** The output of a tool as Gemini gets it. Default: an object or a list where it is JSON. */
  readonly toolOutput?: (text: string) => unknown;
}

/**
 * Translates a chat completion request into a GenerateContentRequest, which has no model:
 * https://ai.google.dev/api/generate-content#request-body
 *
 * @throws RefusedError naming the field that is malformed, or that Gemini cannot express
 */
export function generateContentRequest(
  body: Readonly<Record<string, unknown>>,
  {
    provider,
    dropFields,
    model = String(body.model),
    modelFacts,
    toolOutput = jsonOrText,
  }: GeminiRules,
): Record<string, unknown> {
  const rules = { provider, dropFields };
  const names = [model, lastPartOf(model), String(body.model)];
  const facts = withModelFacts(modelFacts, names, geminiModelFacts(model));
  const always = facts.sampling ? [...ALWAYS_EXPRESSIBLE, ...SAMPLING] : ALWAYS_EXPRESSIBLE;
  const fields = expressibleFields(body, always, conditionsOf(model, facts), rules);
  const chat = readChat(body, { ...rules, fields, extras: GEMINI_EXTRAS });
  refusePrefill(chat.turns, lastPartOf(model), facts, provider);
  const texts = chat.instructions.filter(({ text }) => text !== '').map(({ text }) => ({ text }));
  const generationConfig = generationConfigOf(chat, model);
  return omitUndefined({
    contents: geminiContents(chat.turns, { provider, model, toolOutput }),
    systemInstruction: texts.length === 0 ? undefined : { parts: texts },
    ...geminiToolFields(chat, provider),
    generationConfig: Object.keys(generationConfig).length === 0 ? undefined : generationConfig,
  });
}

/** A model's name without its collection. */
function lastPartOf(model: string): string {
  return model.slice(model.lastIndexOf('/') + 1);
}

const ALWAYS_EXPRESSIBLE = [
  'tools',
  'tool_choice',
  'response_format',
  'max_tokens',
  'max_completion_tokens',
];
/** Fields that models either take or ignore. */
const SAMPLING = ['temperature', 'top_p'];
/** Fields that models either take or refuse. */
const PENALTIES = ['presence_penalty', 'frequency_penalty'];

/** https://ai.google.dev/api/generate-content#generationconfig */
const MAX_STOP_SEQUENCES = 5;
/** https://cloud.google.com/vertex-ai/generative-ai/docs/reference/rest/v1/GenerationConfig */
const MAX_CANDIDATES = 8;
const PENALTY = { min: -2, below: 2 };
/** `seed` is an int32. */
const SEED_RANGE = { min: -(2 ** 31), max: 2 ** 31 - 1 };

function conditionsOf(
  model: string,
  facts: Pick<ModelFacts, 'sampling' | 'reasoningEfforts'>,
): readonly FieldCondition[] {
  const name = lastPartOf(model);
  return [
    {
      field: 'n',
      isMet: (value) => isBetween(value, 1, MAX_CANDIDATES),
      fix: `use at most ${MAX_CANDIDATES}`,
    },
    {
      field: 'seed',
      isMet: (value) => isBetween(value, SEED_RANGE.min, SEED_RANGE.max),
      fix: `use a whole number from ${SEED_RANGE.min} to ${SEED_RANGE.max}`,
    },
    {
      field: 'stop',
      isMet: (value) => [value].flat().length <= MAX_STOP_SEQUENCES,
      fix: `use at most ${MAX_STOP_SEQUENCES} stop sequences`,
    },
    ...(facts.sampling
      ? PENALTIES.map(penaltyCondition)
      : [...SAMPLING, ...PENALTIES].map((field) => notTaken(name, field))),
    effortCondition(name, facts),
  ];
}

function penaltyCondition(field: string): FieldCondition {
  return {
    field,
    isMet: (value) => isBetween(value, PENALTY.min, PENALTY.below) && value !== PENALTY.below,
    fix: `use a number from ${PENALTY.min} to below ${PENALTY.below}`,
  };
}

/** The schema of the request refuses a value that is no number. */
function isBetween(value: unknown, min: number, max: number): boolean {
  return typeof value !== 'number' || (value >= min && value <= max);
}

/** https://ai.google.dev/api/generate-content#generationconfig */
function generationConfigOf(chat: Chat, model: string): object {
  const { maxTokens, temperature, topP, stop, n, seed, reasoningEffort } = chat;
  return omitUndefined({
    maxOutputTokens: maxTokens,
    temperature,
    topP,
    stopSequences: stop.length === 0 ? undefined : stop,
    // 1 is the default, and the only number that every model accepts.
    candidateCount: n === 1 ? undefined : n,
    seed,
    // 0 is the default, and some models refuse these fields.
    presencePenalty: chat.presencePenalty || undefined,
    frequencyPenalty: chat.frequencyPenalty || undefined,
    thinkingConfig: thinkingConfigOf(reasoningEffort, model),
    ...responseFieldsOf(chat),
  });
}

/** https://ai.google.dev/gemini-api/docs/structured-output. Gemini always enforces a schema. */
function responseFieldsOf({ responseFormat }: Chat): object {
  if (responseFormat === undefined || responseFormat.type === 'text') return {};
  const json = { responseMimeType: 'application/json' };
  return responseFormat.type === 'json_object'
    ? json
    : { ...json, responseJsonSchema: responseFormat.schema };
}

const embeddingRequestSchema = z.looseObject({
  // OpenAI also accepts tokens, but those of its own tokenizer.
  input: z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]),
  dimensions: z.int().positive().nullish(),
  encoding_format: z.enum(['float', 'base64']).nullish(),
});

/**
 * Translates an embeddings request into an EmbedContentRequest, which has one text and no model:
 * https://ai.google.dev/api/embeddings#request-body
 *
 * @throws RefusedError naming the field that is malformed, or that Gemini cannot express
 */
export function embedContentRequest(
  body: Readonly<Record<string, unknown>>,
  { provider, dropFields }: TranslationRules,
): Record<string, unknown> {
  const kept = expressible(body, { provider, dropFields, fields: EMBEDDING_FIELDS });
  const { input, dimensions, encoding_format: encoding } = parseBody(embeddingRequestSchema, kept);
  if (encoding === 'base64' && !dropFields.includes('encoding_format'))
    throw cannotExpress('body.encoding_format', provider, 'use float');
  const texts = [input].flat();
  if (texts.length > 1)
    throw cannotExpress('body.input', provider, 'send one text in each request');
  return omitUndefined({
    content: { parts: texts.map((text) => ({ text })) },
    outputDimensionality: dimensions ?? undefined,
  });
}
