import * as z from 'zod';
import {
  type Answer,
  type ChatCompletion,
  type CompletionFacts,
  chatCompletion,
  type FinishReason,
  type ToolCall,
} from '../translation/chat.ts';
import { parseAnswer } from '../translation/fields.ts';

/** An answer is worth more than its numbers. */
const tokenCount = z.number().int().nonnegative().catch(0);

/** https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html */
const converseAnswerSchema = z.object({
  output: z.object({
    message: z.object({
      // A chat completion has no place for reasoning and other kinds of blocks.
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
    inputTokens: tokenCount,
    outputTokens: tokenCount,
    cacheReadInputTokens: tokenCount.nullish(),
    cacheWriteInputTokens: tokenCount.nullish(),
    // Amazon Nova's names for them where it is invoked directly.
    cacheReadInputTokenCount: tokenCount.nullish(),
    cacheWriteInputTokenCount: tokenCount.nullish(),
  }),
});
type ConverseAnswer = z.infer<typeof converseAnswerSchema>;

const FINISH_REASONS: ReadonlyMap<string, FinishReason> = new Map(
  Object.entries<FinishReason>({
    end_turn: 'stop',
    stop_sequence: 'stop',
    tool_use: 'tool_calls',
    max_tokens: 'length',
    model_context_window_exceeded: 'length',
    content_filtered: 'content_filter',
    guardrail_intervened: 'content_filter',
  }),
);

/** The model generated malformed output. It may do better on another try. */
const MALFORMED: ReadonlySet<string> = new Set(['malformed_model_output', 'malformed_tool_use']);

/**
 * Translates the answer of a Converse call into the body of a chat completion.
 *
 * @throws Error, without the answer's content, for a malformed answer
 */
export function chatCompletionOfConverse(
  response: unknown,
  facts: CompletionFacts,
): ChatCompletion {
  const { output, stopReason, usage } = parseAnswer(
    converseAnswerSchema,
    response,
    'none of Converse',
  );
  if (MALFORMED.has(stopReason)) throw new Error(`the model stopped with ${stopReason}`);
  const cachedTokens = usage.cacheReadInputTokens ?? usage.cacheReadInputTokenCount ?? 0;
  const writtenTokens = usage.cacheWriteInputTokens ?? usage.cacheWriteInputTokenCount ?? 0;
  return chatCompletion(facts, [answerOf(output.message, stopReason)], {
    // `inputTokens` leaves out what was read from the cache or written to it.
    promptTokens: usage.inputTokens + cachedTokens + writtenTokens,
    completionTokens: usage.outputTokens,
    cachedTokens,
    cacheWriteTokens: writtenTokens,
  });
}

function answerOf({ content }: ConverseAnswer['output']['message'], stopReason: string): Answer {
  const texts = content.flatMap(({ text }) => (text === undefined ? [] : [text]));
  const toolCalls = content.flatMap(({ toolUse }): ToolCall[] => {
    if (toolUse === undefined) return [];
    return [{ id: toolUse.toolUseId, name: toolUse.name, arguments: toolUse.input ?? {} }];
  });
  return {
    text: texts.length > 0 ? texts.join('') : null,
    refusal: null,
    toolCalls,
    finishReason: FINISH_REASONS.get(stopReason) ?? 'stop',
  };
}
