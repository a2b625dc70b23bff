import { describe, expect, test } from 'vitest';
import { chatCompletionOfClaude } from '../../../../../shared/providers/translation/claudeAnswer.ts';

const USAGE = { input_tokens: 10, output_tokens: 5 };
const message = (fields: object) => ({
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'claude-haiku-4-5-20251001',
  content: [{ type: 'text', text: 'Hi', citations: null }],
  stop_reason: 'end_turn',
  stop_sequence: null,
  stop_details: null,
  usage: USAGE,
  ...fields,
});
const translate = (fields: object = {}) =>
  chatCompletionOfClaude(message(fields), { model: 'asked-for', created: 7 });

describe('chatCompletionOfClaude', () => {
  test('a text', () => {
    expect(translate()).toMatchObject({
      id: 'msg_1',
      created: 7,
      model: 'claude-haiku-4-5-20251001',
      choices: [{ message: { content: 'Hi', refusal: null }, finish_reason: 'stop' }],
    });
    expect(translate({ model: undefined }).model).toBe('asked-for');
  });

  test('texts are joined, and blocks of other types are ignored', () => {
    const content = [
      { type: 'thinking', thinking: 'Hm', signature: 'x' },
      { type: 'text', text: 'A' },
      { type: 'web_search_tool_result', tool_use_id: 'x', content: [] },
      { type: 'text', text: 'B' },
    ];
    expect(translate({ content }).choices[0]?.message).toMatchObject({ content: 'AB' });
    expect(translate({ content: [] }).choices[0]?.message).toMatchObject({ content: null });
  });

  test('tool calls keep their ids', () => {
    const content = [{ type: 'tool_use', id: 'toolu_1', name: 'add', input: { a: [1] } }];
    expect(translate({ content, stop_reason: 'tool_use' }).choices).toMatchObject([
      {
        finish_reason: 'tool_calls',
        message: {
          content: null,
          tool_calls: [
            { id: 'toolu_1', type: 'function', function: { name: 'add', arguments: '{"a":[1]}' } },
          ],
        },
      },
    ]);
  });

  test.each([
    ['end_turn', 'stop'],
    ['stop_sequence', 'stop'],
    ['max_tokens', 'length'],
    ['model_context_window_exceeded', 'length'],
    ['pause_turn', 'length'],
    ['tool_use', 'tool_calls'],
    ['refusal', 'content_filter'],
    ['of another day', 'stop'],
    ['constructor', 'stop'],
    [null, 'stop'],
  ])('stop_reason %s is %s', (stop_reason, finishReason) => {
    expect(translate({ stop_reason }).choices[0]?.finish_reason).toBe(finishReason);
  });

  test('a refusal has its explanation', () => {
    const refused = (stop_details: object | null) =>
      translate({ stop_reason: 'refusal', stop_details }).choices[0]?.message;
    expect(refused({ type: 'refusal', explanation: 'No.' })).toMatchObject({ refusal: 'No.' });
    expect(refused(null)).toMatchObject({ refusal: 'The model declined to answer.' });
  });

  test('prompt tokens include cache reads and writes', () => {
    const usage = {
      ...USAGE,
      cache_creation_input_tokens: 100,
      cache_read_input_tokens: 1_000,
      output_tokens_details: { thinking_tokens: 3 },
    };
    expect(translate({ usage }).usage).toEqual({
      prompt_tokens: 1_110,
      completion_tokens: 5,
      total_tokens: 1_115,
      prompt_tokens_details: {
        ...{ cached_tokens: 1_000, cache_write_tokens: 100 },
        cache_write_tokens_details: { ttl_5m_tokens: 100, ttl_1h_tokens: 0 },
      },
      completion_tokens_details: { reasoning_tokens: 3 },
    });
  });

  test.each([
    ['no object', 'secret'],
    ['no usage', message({ usage: null })],
    ['no content', message({ content: 'secret' })],
    ['a text without text', message({ content: [{ type: 'text', secret: true }] })],
  ])('throws for %s, without quoting it', (_name, answer) => {
    const translating = () => chatCompletionOfClaude(answer, { model: 'm', created: 7 });
    expect(translating).toThrow('the answer is no message of the Messages API');
    expect(translating).not.toThrow('secret');
  });
});
