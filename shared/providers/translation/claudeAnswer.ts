import * as z from 'zod';
import type { ToolCall } from './chat.ts';
import { type AnswerUsage, chatCompletion, type FinishReason } from './chatCompletion.ts';

const tokens = z.number().nullish();

/** https://platform.claude.com/docs/en/api/messages: blocks of other types are passed over. */
const messageSchema = z.object({
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
    cache_creation_input_tokens: tokens,
    cache_read_input_tokens: tokens,
    output_tokens: z.number(),
    output_tokens_details: z.object({ thinking_tokens: tokens }).nullish(),
  }),
});
type Message = z.infer<typeof messageSchema>;

const FINISH_REASONS: Readonly<Record<string, FinishReason>> = {
  end_turn: 'stop',
  stop_sequence: 'stop',
  tool_use: 'tool_calls',
  refusal: 'content_filter',
  // In each of these the answer is not finished.
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  pause_turn: 'length',
};

/**
 * An answer of Anthropic's Messages API as the body of a chat completion.
 *
 * @param known the model, for answers that do not name it, and the time in seconds since 1970
 * @throws Error, without the answer's content, for what is no message
 */
export function chatCompletionOf(
  answer: unknown,
  { model, created }: { readonly model: string; readonly created: number },
): object {
  const message = parse(answer);
  const toolCalls = toolCallsOf(message);
  const reason = message.stop_reason ?? '';
  const isKnown = Object.hasOwn(FINISH_REASONS, reason);
  const otherwise = toolCalls.length > 0 ? 'tool_calls' : 'stop';
  return chatCompletion({
    id: message.id,
    created,
    model: message.model ?? model,
    answers: [
      {
        text: textOf(message),
        refusal: reason === 'refusal' ? refusalOf(message) : null,
        toolCalls,
        finishReason: isKnown ? (FINISH_REASONS[reason] ?? otherwise) : otherwise,
      },
    ],
    usage: usageOf(message),
  });
}

function parse(answer: unknown): Message {
  const parsed = messageSchema.safeParse(answer);
  if (parsed.success) return parsed.data;
  const path = parsed.error.issues[0]?.path.map(String).join('.');
  throw new Error(`the answer is no message of the Messages API: ${path || 'it is no object'}`);
}

/** Several text blocks are one text: citations and tools divide it. */
function textOf({ content }: Message): string | null {
  const texts = content.flatMap((block) => ('text' in block ? [block.text] : []));
  return texts.length === 0 ? null : texts.join('');
}

function toolCallsOf({ content }: Message): ToolCall[] {
  return content.flatMap((block) =>
    'input' in block ? [{ id: block.id, name: block.name, arguments: block.input }] : [],
  );
}

function refusalOf({ stop_details: details }: Message): string {
  return details?.explanation ?? 'The model declined to answer.';
}

/** Anthropic counts what came from its cache, and what went into it, beside the rest. */
function usageOf({ usage }: Message): AnswerUsage {
  const written = usage.cache_creation_input_tokens ?? 0;
  const read = usage.cache_read_input_tokens ?? 0;
  return {
    promptTokens: usage.input_tokens + written + read,
    completionTokens: usage.output_tokens,
    cachedTokens: read,
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
