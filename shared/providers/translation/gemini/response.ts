import { createHash } from 'node:crypto';
import type { ToolCall } from '../chat.ts';
import { type Answer, type AnswerUsage, chatCompletion } from '../chatCompletion.ts';
import { finishReasonOf, isMalformed } from './finishReasons.ts';
import { type Candidate, parseAnswer, type UsageMetadata } from './responseSchema.ts';

export { embeddingsOf } from './embeddingAnswer.ts';

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
