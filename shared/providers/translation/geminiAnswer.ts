import { createHash } from 'node:crypto';
import * as z from 'zod';
import { refusal } from '../../batch/errors.ts';
import { UNREADABLE_ANSWER } from '../../jsonl/rows.ts';
import {
  type Answer,
  type AnswerUsage,
  type ChatCompletion,
  type CompletionFacts,
  chatCompletion,
  embeddingsResponse,
  type FinishReason,
  type ToolCall,
} from './chat.ts';
import { parseAnswer } from './fields.ts';

/**
 * Translates a GenerateContentResponse into the body of a chat completion:
 * https://ai.google.dev/api/generate-content#generatecontentresponse
 *
 * A blocked prompt gives one choice, whose `refusal` says so.
 *
 * @param facts id and model are for answers without their own
 * @throws Error, without the answer's content, for a malformed answer
 */
export function chatCompletionOfGemini(response: unknown, facts: CompletionFacts): ChatCompletion {
  const parsed = parseAnswer(geminiAnswerSchema, response, 'none of generateContent');
  const { candidates = [], promptFeedback, usageMetadata, responseId, modelVersion } = parsed;
  const id = responseId || facts.id;
  const blocked = promptFeedback?.blockReason;
  if (candidates.length === 0 && !blocked) throw new Error('the answer has no candidates');
  const answers =
    candidates.length === 0
      ? [refusedAnswer(`The prompt was blocked: ${blocked}`)]
      : candidates.map((candidate, index) => answerOf(candidate, `${id}/${index}`));
  const { created } = facts;
  const known = { id, created, model: modelVersion || facts.model };
  return chatCompletion(known, answers, usageOf(usageMetadata ?? {}));
}

function refusedAnswer(refusal: string): Answer {
  return { text: null, refusal, toolCalls: [], finishReason: 'content_filter' };
}

/** @param name unique name of the candidate */
function answerOf({ content, finishReason }: WireCandidate, name: string): Answer {
  const reason = finishReason ?? '';
  if (MALFORMED.has(reason)) throw new Error(`the model stopped with ${reason}`);
  // Thoughts do not belong to the answer.
  const parts = (content?.parts ?? []).filter(({ thought }) => thought !== true);
  const text = textOf(parts);
  const toolCalls = parts.flatMap(({ functionCall: call }, index): ToolCall[] => {
    if (call === undefined) return [];
    const id = call.id || callIdOf(`${name}/${index}`);
    return [{ id, name: call.name, arguments: call.args ?? {} }];
  });
  const ended = finishReasonOf(reason, toolCalls.length > 0);
  const isEmpty = text === null && toolCalls.length === 0;
  if (isEmpty && ended === 'content_filter')
    return refusedAnswer(`The answer was blocked: ${reason}`);
  if (isEmpty) refuseOtherParts(parts);
  return {
    text,
    refusal: null,
    toolCalls,
    finishReason: ended,
  };
}

/** A chat completion has only text: an image is a data URL on a line of its own. */
function textOf(parts: readonly WirePart[]): string | null {
  const texts = parts.flatMap(({ text, inlineData, fileData }) => {
    if (text !== undefined) return [text];
    if (inlineData) return [`\ndata:${inlineData.mimeType};base64,${inlineData.data}\n`];
    return fileData ? [`\n${fileData.fileUri}\n`] : [];
  });
  if (texts.length === 0) return null;
  const hasFiles = parts.some(({ inlineData, fileData }) => inlineData ?? fileData);
  return hasFiles ? texts.join('').trim() : texts.join('');
}

/** What is left out without a word would be an answer that is paid for and seems to be empty. */
function refuseOtherParts(parts: readonly WirePart[]): void {
  const kinds = parts.flatMap((part) => Object.keys(part)).filter((kind) => !NOTES.has(kind));
  if (kinds.length === 0) return;
  const names = [...new Set(kinds)].filter((kind) => /^\w{1,50}$/.test(kind)).join(', ');
  throw refusal(
    UNREADABLE_ANSWER,
    `the answer has only parts for which a chat completion has no place: ${names}`,
  );
}

/** Fields that come beside a part. */
const NOTES: ReadonlySet<string> = new Set(['thought', 'thoughtSignature', 'partMetadata']);

/** The id of a call without one: the same whenever this answer is read. */
function callIdOf(place: string): string {
  return `call_${createHash('sha256').update(place).digest('hex').slice(0, 24)}`;
}

/** Gemini counts thoughts, and what its own tools read, apart from the rest. */
function usageOf(usage: WireUsageMetadata): AnswerUsage {
  const reasoningTokens = usage.thoughtsTokenCount ?? 0;
  return {
    promptTokens: (usage.promptTokenCount ?? 0) + (usage.toolUsePromptTokenCount ?? 0),
    completionTokens: (usage.candidatesTokenCount ?? 0) + reasoningTokens,
    cachedTokens: usage.cachedContentTokenCount ?? 0,
    reasoningTokens,
  };
}

/** An answer is worth more than its numbers. */
const tokenCount = z.number().int().nonnegative().nullish().catch(undefined);

const part = z.looseObject({
  text: z.string().optional(),
  inlineData: z.object({ mimeType: z.string(), data: z.string() }).optional(),
  fileData: z.object({ fileUri: z.string() }).optional(),
  thought: z.boolean().nullish(),
  functionCall: z
    .object({
      id: z.string().nullish(),
      name: z.string().min(1),
      args: z.record(z.string(), z.unknown()).nullish(),
    })
    .optional(),
});

type WirePart = z.infer<typeof part>;

const candidate = z.object({
  content: z.object({ parts: z.array(part).nullish() }).nullish(),
  finishReason: z.string().nullish(),
});
type WireCandidate = z.infer<typeof candidate>;

const usageMetadata = z.object({
  promptTokenCount: tokenCount,
  toolUsePromptTokenCount: tokenCount,
  cachedContentTokenCount: tokenCount,
  candidatesTokenCount: tokenCount,
  thoughtsTokenCount: tokenCount,
});
type WireUsageMetadata = Partial<z.infer<typeof usageMetadata>>;

const geminiAnswerSchema = z.object({
  candidates: z.array(candidate).optional(),
  promptFeedback: z.object({ blockReason: z.string().nullish() }).nullish(),
  usageMetadata: usageMetadata.nullish(),
  modelVersion: z.string().nullish(),
  responseId: z.string().nullish(),
});

/** https://ai.google.dev/api/generate-content#FinishReason. Any other is `stop`. */
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

/** The model generated malformed output. It may do better on another try. */
const MALFORMED: ReadonlySet<string> = new Set([
  'MALFORMED_FUNCTION_CALL',
  'UNEXPECTED_TOOL_CALL',
  'TOO_MANY_TOOL_CALLS',
  'MALFORMED_RESPONSE',
  'MISSING_THOUGHT_SIGNATURE',
]);

/** Gemini also gives STOP for a turn that ends in function calls. */
function finishReasonOf(reason: string, callsTools: boolean): FinishReason {
  const known = Object.hasOwn(FINISH_REASONS, reason) ? FINISH_REASONS[reason] : undefined;
  const finish = known ?? 'stop';
  return callsTools && finish === 'stop' ? 'tool_calls' : finish;
}

/** An int64, which JSON has as a string. */
const int64TokenCount = z.coerce.number().int().nonnegative().nullish();

/** The forms in which the batch APIs return an embedding. */
const embeddingSchema = z.object({
  embedding: z.object({ values: z.array(z.number()).min(1) }),
  tokenCount: int64TokenCount,
  usageMetadata: z
    .object({ promptTokenCount: int64TokenCount, totalTokenCount: int64TokenCount })
    .nullish(),
});

/**
 * Translates an EmbedContentResponse into the body of an embeddings response. `usage` is 0 if
 * Gemini gives no number of tokens.
 *
 * @throws Error, without the answer's content, for a malformed answer
 */
export function embeddingsOfGemini(response: unknown, model: string): object {
  const {
    embedding,
    tokenCount,
    usageMetadata: usage,
  } = parseAnswer(embeddingSchema, response, 'none of embedContent');
  const tokens = tokenCount ?? usage?.promptTokenCount ?? usage?.totalTokenCount ?? 0;
  return embeddingsResponse(embedding.values, model, tokens);
}
