import { expect, test } from 'vitest';
import { type Answer, chatCompletion } from '../../../../shared/providers/translation/chat.ts';
import { answerBody } from '../../../../shared/providers/translation/responsesAnswer.ts';

const ANSWER: Answer = { text: 'Hi', refusal: null, toolCalls: [], finishReason: 'stop' };
const completion = (fields: Partial<Answer> = {}) =>
  chatCompletion({ id: 'x', created: 5, model: 'm' }, [{ ...ANSWER, ...fields }], {
    promptTokens: 3,
    completionTokens: 2,
    cachedTokens: 1,
    reasoningTokens: 1,
  });
const response = (fields: Partial<Answer> = {}) => answerBody('/v1/responses', completion(fields));

test('an answer to a request of the Responses API is a response', () => {
  expect(response()).toEqual({
    id: 'resp_x',
    object: 'response',
    created_at: 5,
    status: 'completed',
    error: null,
    incomplete_details: null,
    model: 'm',
    output: [
      {
        type: 'message',
        id: 'msg_x',
        status: 'completed',
        role: 'assistant',
        content: [{ type: 'output_text', text: 'Hi', annotations: [] }],
      },
    ],
    usage: {
      input_tokens: 3,
      input_tokens_details: { cached_tokens: 1 },
      output_tokens: 2,
      output_tokens_details: { reasoning_tokens: 1 },
      total_tokens: 5,
    },
  });
});

test('calls of functions are items of their own, after the text', () => {
  const toolCalls = [{ id: 'c1', name: 'add', arguments: { a: 1 } }];
  expect(response({ toolCalls, finishReason: 'tool_calls' })).toMatchObject({
    status: 'completed',
    output: [
      { type: 'message' },
      { type: 'function_call', call_id: 'c1', name: 'add', arguments: '{"a":1}' },
    ],
  });
  expect(response({ toolCalls, text: null })).toMatchObject({
    output: [{ type: 'function_call' }],
  });
});

test.each([
  ['length', 'max_output_tokens'],
  ['content_filter', 'content_filter'],
] as const)('an answer that ended with %s is incomplete', (finishReason, reason) => {
  expect(response({ finishReason })).toMatchObject({
    status: 'incomplete',
    incomplete_details: { reason },
    output: [{ status: 'incomplete' }],
  });
});

test('a refusal is a part of the message', () => {
  expect(response({ text: null, refusal: 'No.' })).toMatchObject({
    output: [{ content: [{ type: 'refusal', refusal: 'No.' }] }],
  });
});

test('an answer to another endpoint stays a chat completion', () => {
  const body = completion();
  expect(answerBody('/v1/chat/completions', body)).toBe(body);
});
