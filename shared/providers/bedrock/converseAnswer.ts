import * as z from 'zod';
import type { ToolCall } from '../translation/chat.ts';
import { type Answer, chatCompletion, type FinishReason } from '../translation/chatCompletion.ts';

const count = z.number().int().nonnegative();

/** https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html */
const responseSchema = z.object({
  output: z.object({
    message: z.object({
      // Reasoning, and blocks of another day, have no place in a chat completion.
      content: z.array(
        z.looseObject({
          text: z.string().optional(),
          toolUse: z
            .object({
              toolUseId: z.string(),
              name: z.string(),
              input: z.record(z.string(), z.unknown()).nullish(),
            })
            .optional(),
        }),
      ),
    }),
  }),
  stopReason: z.string(),
  usage: z.object({
    inputTokens: count,
    outputTokens: count,
    cacheReadInputTokens: count.nullish(),
    cacheWriteInputTokens: count.nullish(),
    // The names that Amazon Nova gives them where it is invoked directly.
    cacheReadInputTokenCount: count.nullish(),
    cacheWriteInputTokenCount: count.nullish(),
  }),
});
type ConverseResponse = z.infer<typeof responseSchema>;

const FINISH_REASONS: Readonly<Record<string, FinishReason>> = {
  end_turn: 'stop',
  stop_sequence: 'stop',
  tool_use: 'tool_calls',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  content_filtered: 'content_filter',
  guardrail_intervened: 'content_filter',
};

/** The model wrote what cannot be read: it may do better the next time. */
const MALFORMED: ReadonlySet<string> = new Set(['malformed_model_output', 'malformed_tool_use']);

/** What a chat completion says that Converse does not. */
export interface CompletionFacts {
  readonly id: string;
  readonly model: string;
  /** Seconds since 1970. */
  readonly created: number;
}

/**
 * The answer of a Converse call as the body of a chat completion.
 *
 * @throws Error, without the answer's content, for one that is of no use
 */
export function chatCompletionOfConverse(response: unknown, facts: CompletionFacts): object {
  const { output, stopReason, usage } = parse(response);
  if (MALFORMED.has(stopReason)) throw new Error(`the model stopped with ${stopReason}`);
  const cachedTokens = usage.cacheReadInputTokens ?? usage.cacheReadInputTokenCount ?? 0;
  const writtenTokens = usage.cacheWriteInputTokens ?? usage.cacheWriteInputTokenCount ?? 0;
  return chatCompletion({
    ...facts,
    answers: [answerOf(output.message, stopReason)],
    usage: {
      // `inputTokens` leaves out what was read from the cache or written into it.
      promptTokens: usage.inputTokens + cachedTokens + writtenTokens,
      completionTokens: usage.outputTokens,
      cachedTokens,
    },
  });
}

function parse(response: unknown): ConverseResponse {
  const parsed = responseSchema.safeParse(response);
  if (parsed.success) return parsed.data;
  const path = parsed.error.issues[0]?.path.map(String).join('.');
  throw new Error(`the answer is none of Converse: ${path || 'it is no object'}`);
}

function answerOf({ content }: ConverseResponse['output']['message'], stopReason: string): Answer {
  const texts = content.flatMap(({ text }) => (text === undefined ? [] : [text]));
  const toolCalls = content.flatMap(({ toolUse }): ToolCall[] => {
    if (toolUse === undefined) return [];
    return [{ id: toolUse.toolUseId, name: toolUse.name, arguments: toolUse.input ?? {} }];
  });
  return {
    text: texts.length > 0 ? texts.join('') : null,
    refusal: null,
    toolCalls,
    finishReason: FINISH_REASONS[stopReason] ?? 'stop',
  };
}
