import * as z from 'zod';
import {
  type AnswerUsage,
  type ChatCompletion,
  chatCompletion,
  type FinishReason,
  type ToolCall,
} from './chat.ts';
import { parseAnswer } from './fields.ts';

const optionalTokens = z.number().nullish();

/** https://platform.claude.com/docs/en/api/messages. Blocks of other types are ignored. */
const claudeMessageSchema = z.object({
  id: z.string(),
  model: z.string().nullish(),
  content: z.array(
    z.union([
      z.object({ type: z.literal('text'), text: z.string() }),
      z.object({
        type: z.literal('tool_use'),
        id: z.string(),
        name: z.string(),
        input: z.record(z.string(), z.unknown()),
      }),
      z.object({ type: z.string().refine((type) => type !== 'text' && type !== 'tool_use') }),
    ]),
  ),
  stop_reason: z.string().nullish(),
  stop_details: z.object({ explanation: z.string().nullish() }).nullish(),
  usage: z.object({
    input_tokens: z.number(),
    cache_creation_input_tokens: optionalTokens,
    cache_creation: z
      .object({ ephemeral_1h_input_tokens: optionalTokens })
      .nullish()
      .catch(undefined),
    cache_read_input_tokens: optionalTokens,
    output_tokens: z.number(),
    output_tokens_details: z.object({ thinking_tokens: optionalTokens }).nullish(),
  }),
});
type ClaudeMessage = z.infer<typeof claudeMessageSchema>;

const FINISH_REASONS: Readonly<Record<string, FinishReason>> = {
  end_turn: 'stop',
  stop_sequence: 'stop',
  tool_use: 'tool_calls',
  refusal: 'content_filter',
  // In each of these the answer is incomplete.
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  pause_turn: 'length',
};

/**
 * Translates an answer of Anthropic's Messages API into the body of a chat completion.
 *
 * @param facts the model, for answers without one, and the time in seconds since 1970
 * @throws Error, without the answer's content, if it is not a message
 */
export function chatCompletionOfClaude(
  answer: unknown,
  { model, created }: { readonly model: string; readonly created: number },
): ChatCompletion {
  const message = parseAnswer(claudeMessageSchema, answer, 'no message of the Messages API');
  const toolCalls = toolCallsOf(message);
  const reason = message.stop_reason ?? '';
  const isKnown = Object.hasOwn(FINISH_REASONS, reason);
  const otherwise = toolCalls.length > 0 ? 'tool_calls' : 'stop';
  const choice = {
    text: joinedText(message),
    refusal: reason === 'refusal' ? refusalText(message) : null,
    toolCalls,
    finishReason: isKnown ? (FINISH_REASONS[reason] ?? otherwise) : otherwise,
  };
  const facts = { id: message.id, created, model: message.model ?? model };
  return chatCompletion(facts, [choice], usageOf(message));
}

/** Citations and tools divide one text into several blocks. */
function joinedText({ content }: ClaudeMessage): string | null {
  const texts = content.flatMap((block) => ('text' in block ? [block.text] : []));
  return texts.length === 0 ? null : texts.join('');
}

function toolCallsOf({ content }: ClaudeMessage): ToolCall[] {
  return content.flatMap((block) =>
    'input' in block ? [{ id: block.id, name: block.name, arguments: block.input }] : [],
  );
}

function refusalText({ stop_details: details }: ClaudeMessage): string {
  return details?.explanation ?? 'The model declined to answer.';
}

/** Anthropic's input tokens leave out what came from its cache, and what was written to it. */
function usageOf({ usage }: ClaudeMessage): AnswerUsage {
  const written = usage.cache_creation_input_tokens ?? 0;
  const read = usage.cache_read_input_tokens ?? 0;
  return {
    promptTokens: usage.input_tokens + written + read,
    completionTokens: usage.output_tokens,
    cachedTokens: read,
    cacheWriteTokens: written,
    longCacheWriteTokens: usage.cache_creation?.ephemeral_1h_input_tokens ?? 0,
    reasoningTokens: usage.output_tokens_details?.thinking_tokens ?? 0,
  };
}

/** HTTP statuses of Claude's error types: https://platform.claude.com/docs/en/api/errors */
export const CLAUDE_STATUSES: Readonly<Record<string, number>> = {
  invalid_request_error: 400,
  authentication_error: 401,
  permission_error: 403,
  not_found_error: 404,
  request_too_large: 413,
  rate_limit_error: 429,
  api_error: 500,
  timeout_error: 504,
  overloaded_error: 529,
};
