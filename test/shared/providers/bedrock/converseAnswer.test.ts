import { describe, expect, test } from 'vitest';
import { chatCompletionOfConverse } from '../../../../shared/providers/bedrock/converseAnswer.ts';

const FACTS = { id: 'chatcmpl-1', model: 'nova', created: 1_700_000_000 };
const USAGE = { inputTokens: 7, outputTokens: 5, totalTokens: 12 };

function answer(changes: object = {}, content: object[] = [{ text: 'Hi' }]) {
  return {
    output: { message: { role: 'assistant', content } },
    stopReason: 'end_turn',
    usage: USAGE,
    ...changes,
  };
}

describe('chatCompletionOfConverse', () => {
  test('a text', () => {
    expect(chatCompletionOfConverse(answer(), FACTS)).toMatchObject({
      ...FACTS,
      object: 'chat.completion',
      choices: [{ message: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 7, completion_tokens: 5, total_tokens: 12 },
    });
  });

  test('tool calls, without the reasoning', () => {
    const content = [
      { reasoningContent: { reasoningText: { text: 'Hm.' } } },
      { toolUse: { toolUseId: 'tooluse_1', name: 'look', input: { at: 1 } } },
    ];
    expect(
      chatCompletionOfConverse(answer({ stopReason: 'tool_use' }, content), FACTS),
    ).toMatchObject({
      choices: [
        {
          message: {
            content: null,
            tool_calls: [
              {
                id: 'tooluse_1',
                type: 'function',
                function: { name: 'look', arguments: '{"at":1}' },
              },
            ],
          },
          finish_reason: 'tool_calls',
        },
      ],
    });
  });

  test.each([
    ['end_turn', 'stop'],
    ['stop_sequence', 'stop'],
    ['tool_use', 'tool_calls'],
    ['max_tokens', 'length'],
    ['model_context_window_exceeded', 'length'],
    ['content_filtered', 'content_filter'],
    ['guardrail_intervened', 'content_filter'],
    ['of_another_day', 'stop'],
  ])('stopReason %s is %s', (stopReason, finishReason) => {
    expect(chatCompletionOfConverse(answer({ stopReason }), FACTS)).toMatchObject({
      choices: [{ finish_reason: finishReason }],
    });
  });

  test.each([
    ['Converse', { cacheReadInputTokens: 100, cacheWriteInputTokens: 10 }],
    ['Nova', { cacheReadInputTokenCount: 100, cacheWriteInputTokenCount: 10 }],
  ])('prompt tokens include those from the cache, as %s reports them', (_name, cache) => {
    expect(
      chatCompletionOfConverse(answer({ usage: { ...USAGE, ...cache } }), FACTS),
    ).toMatchObject({
      usage: {
        prompt_tokens: 117,
        total_tokens: 122,
        prompt_tokens_details: { cached_tokens: 100 },
      },
    });
  });

  test.each([
    ['malformed_model_output', answer({ stopReason: 'malformed_model_output' })],
    ['malformed_tool_use', answer({ stopReason: 'malformed_tool_use' })],
    ['no usage', answer({ usage: undefined })],
    ['no object', 'a secret text'],
  ])('%s throws', (_name, response) => {
    expect(() => chatCompletionOfConverse(response, FACTS)).toThrow(/^(?!.*secret)/);
  });
});
