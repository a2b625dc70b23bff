import { createHash } from 'node:crypto';
import * as z from 'zod';
import type { ToolCall } from './chat.ts';
import {
  type Answer,
  type AnswerUsage,
  chatCompletion,
  type FinishReason,
} from './chatCompletion.ts';

/** What a chat completion says that Gemini may not. */
export interface CompletionFacts {
  /** The request's model, for answers that do not name theirs. */
  readonly model: string;
  /** For answers that have no id of their own. */
  readonly id: string;
  /** Seconds since 1970. */
  readonly created: number;
}

/**
 * A GenerateContentResponse as the body of a chat completion:
 * https://ai.google.dev/api/generate-content#generatecontentresponse
 *
 * A prompt that was blocked has one choice, which tells so in its `refusal`.
 *
 * @throws Error, without the answer's content, for one that is of no use
 */
export function chatCompletionOf(response: unknown, facts: CompletionFacts): object {
  const { candidates = [], promptFeedback, usageMetadata, ...answer } = parseAnswer(response);
  const id = answer.responseId || facts.id;
  const blocked = promptFeedback?.blockReason;
  if (candidates.length === 0 && !blocked) throw new Error('the answer has no candidates');
  return chatCompletion({
    id,
    created: facts.created,
    model: answer.modelVersion || facts.model,
    answers:
      candidates.length === 0
        ? [refused(`The prompt was blocked: ${blocked}`)]
        : candidates.map((candidate, index) => answerOf(candidate, `${id}/${index}`)),
    usage: usageOf(usageMetadata ?? {}),
  });
}

function refused(refusal: string): Answer {
  return { text: null, refusal, toolCalls: [], finishReason: 'content_filter' };
}

/** @param name of the candidate, unlike that of any other */
function answerOf({ content, finishReason }: Candidate, name: string): Answer {
  const reason = finishReason ?? '';
  if (isMalformed(reason)) throw new Error(`the model stopped with ${reason}`);
  // Thoughts are no part of the answer.
  const parts = (content?.parts ?? []).filter(({ thought }) => thought !== true);
  const texts = parts.flatMap(({ text }) => (text === undefined ? [] : [text]));
  const toolCalls = parts.flatMap(({ functionCall: call }, index): ToolCall[] => {
    if (call === undefined) return [];
    const id = call.id || callIdOf(`${name}/${index}`);
    return [{ id, name: call.name, arguments: call.args ?? {} }];
  });
  const ended = finishReasonOf(reason, toolCalls.length > 0);
  const isRefused = ended === 'content_filter' && texts.length === 0 && toolCalls.length === 0;
  if (isRefused) return refused(`The answer was blocked: ${reason}`);
  return {
    text: texts.length > 0 ? texts.join('') : null,
    refusal: null,
    toolCalls,
    finishReason: ended,
  };
}

/** For calls that come without an id: the same whenever this answer is read. */
function callIdOf(place: string): string {
  return `call_${createHash('sha256').update(place).digest('hex').slice(0, 24)}`;
}

/** Gemini counts thoughts, and what its own tools read, beside the rest. */
function usageOf(usage: UsageMetadata): AnswerUsage {
  const reasoningTokens = usage.thoughtsTokenCount ?? 0;
  return {
    promptTokens: (usage.promptTokenCount ?? 0) + (usage.toolUsePromptTokenCount ?? 0),
    completionTokens: (usage.candidatesTokenCount ?? 0) + reasoningTokens,
    cachedTokens: usage.cachedContentTokenCount ?? 0,
    reasoningTokens,
  };
}

const count = z.number().int().nonnegative().nullish();

const part = z.object({
  text: z.string().optional(),
  thought: z.boolean().nullish(),
  functionCall: z
    .object({
      id: z.string().nullish(),
      name: z.string().min(1),
      args: z.record(z.string(), z.unknown()).nullish(),
    })
    .optional(),
});

const candidate = z.object({
  // Parts of other kinds have no place in a chat completion.
  content: z.object({ parts: z.array(part).nullish() }).nullish(),
  finishReason: z.string().nullish(),
});
export type Candidate = z.infer<typeof candidate>;

const usageMetadata = z.object({
  promptTokenCount: count,
  toolUsePromptTokenCount: count,
  cachedContentTokenCount: count,
  candidatesTokenCount: count,
  thoughtsTokenCount: count,
});
export type UsageMetadata = Partial<z.infer<typeof usageMetadata>>;

const answerSchema = z.object({
  candidates: z.array(candidate).optional(),
  promptFeedback: z.object({ blockReason: z.string().nullish() }).nullish(),
  usageMetadata: usageMetadata.nullish(),
  modelVersion: z.string().nullish(),
  responseId: z.string().nullish(),
});

/** Throws an Error without the answer's content. */
export function parseAnswer(response: unknown): z.infer<typeof answerSchema> {
  const parsed = answerSchema.safeParse(response);
  if (parsed.success) return parsed.data;
  const path = parsed.error.issues[0]?.path.map(String).join('.');
  throw new Error(`the answer is none of generateContent: ${path || 'it is no object'}`);
}

/** https://ai.google.dev/api/generate-content#FinishReason; any other is a plain end. */
const FINISH_REASONS: Readonly<Record<string, FinishReason>> = {
  STOP: 'stop',
  MAX_TOKENS: 'length',
  CONTINUATION: 'length',
  SAFETY: 'content_filter',
  RECITATION: 'content_filter',
  LANGUAGE: 'content_filter',
  BLOCKLIST: 'content_filter',
  PROHIBITED_CONTENT: 'content_filter',
  SPII: 'content_filter',
  IMAGE_SAFETY: 'content_filter',
  IMAGE_PROHIBITED_CONTENT: 'content_filter',
  IMAGE_RECITATION: 'content_filter',
  MODEL_ARMOR: 'content_filter',
};

/** The model wrote what cannot be read: it may do better the next time. */
const MALFORMED: ReadonlySet<string> = new Set([
  'MALFORMED_FUNCTION_CALL',
  'UNEXPECTED_TOOL_CALL',
  'TOO_MANY_TOOL_CALLS',
  'MALFORMED_RESPONSE',
  'MISSING_THOUGHT_SIGNATURE',
]);

export function isMalformed(reason: string): boolean {
  return MALFORMED.has(reason);
}

/** Gemini says STOP of a turn that ends in function calls, too. */
export function finishReasonOf(reason: string, callsTools: boolean): FinishReason {
  const known = Object.hasOwn(FINISH_REASONS, reason) ? FINISH_REASONS[reason] : undefined;
  const finish = known ?? 'stop';
  return callsTools && finish === 'stop' ? 'tool_calls' : finish;
}

/** An int64, which JSON has as a string. */
const tokens = z.coerce.number().int().nonnegative().nullish();

/** The shapes in which the batch APIs give an embedding. */
const answerSchemaEmbeddingAnswer = z.object({
  embedding: z.object({ values: z.array(z.number()).min(1) }),
  tokenCount: tokens,
  usageMetadata: z.object({ promptTokenCount: tokens, totalTokenCount: tokens }).nullish(),
});

/**
 * An EmbedContentResponse as the body of an embeddings response. `usage` is 0 where Gemini gives
 * no number of tokens.
 *
 * @throws Error, without the answer's content, for one that is of no use
 */
export function embeddingsOf(response: unknown, { model }: { readonly model: string }): object {
  const parsed = answerSchemaEmbeddingAnswer.safeParse(response);
  if (!parsed.success) throw new Error('the answer is none of embedContent');
  const { embedding, tokenCount, usageMetadata: usage } = parsed.data;
  const count = tokenCount ?? usage?.promptTokenCount ?? usage?.totalTokenCount ?? 0;
  return {
    object: 'list',
    data: [{ object: 'embedding', index: 0, embedding: embedding.values }],
    model,
    usage: { prompt_tokens: count, total_tokens: count },
  };
}
