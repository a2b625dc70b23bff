import type { ToolCall } from './chat.ts';

/** https://platform.openai.com/docs/api-reference/chat/object */
export type FinishReason = 'stop' | 'length' | 'tool_calls' | 'content_filter';

/** One choice of an answer, in words that no provider owns. */
export interface Answer {
  /** `null` if it said nothing. */
  readonly text: string | null;
  readonly refusal: string | null;
  readonly toolCalls: readonly ToolCall[];
  readonly finishReason: FinishReason;
}

export interface AnswerUsage {
  /** All of the prompt, what came from a cache included. */
  readonly promptTokens: number;
  /** All that was written, reasoning included. */
  readonly completionTokens: number;
  readonly cachedTokens?: number | undefined;
  readonly reasoningTokens?: number | undefined;
}

/** The body of a chat completion response. */
export function chatCompletion(parts: {
  readonly id: string;
  /** Seconds since 1970. */
  readonly created: number;
  readonly model: string;
  readonly answers: readonly Answer[];
  readonly usage: AnswerUsage;
}): object {
  const { id, created, model, answers, usage } = parts;
  const { promptTokens, completionTokens, cachedTokens = 0, reasoningTokens = 0 } = usage;
  return {
    id,
    object: 'chat.completion',
    created,
    model,
    choices: answers.map((answer, index) => ({
      index,
      message: messageOf(answer),
      logprobs: null,
      finish_reason: answer.finishReason,
    })),
    usage: {
      prompt_tokens: promptTokens,
      completion_tokens: completionTokens,
      total_tokens: promptTokens + completionTokens,
      prompt_tokens_details: { cached_tokens: cachedTokens },
      completion_tokens_details: { reasoning_tokens: reasoningTokens },
    },
  };
}

function messageOf({ text, refusal, toolCalls }: Answer): object {
  const message = { role: 'assistant', content: text, refusal };
  if (toolCalls.length === 0) return message;
  const calls = toolCalls.map(({ id, name, arguments: values }) => ({
    id,
    type: 'function',
    function: { name, arguments: JSON.stringify(values) },
  }));
  return { ...message, tool_calls: calls };
}
