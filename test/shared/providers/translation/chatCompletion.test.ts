import { expect, test } from 'vitest';
import { type Answer, chatCompletion } from '../../../../shared/providers/translation/chat.ts';

const ANSWER: Answer = { text: 'Hi', refusal: null, toolCalls: [], finishReason: 'stop' };
const completion = (answers: readonly Answer[], usage = { promptTokens: 3, completionTokens: 2 }) =>
  chatCompletion({ id: 'x', created: 5, model: 'm' }, answers, usage);

test('is the body of an OpenAI answer', () => {
  expect(completion([ANSWER])).toEqual({
    id: 'x',
    object: 'chat.completion',
    created: 5,
    model: 'm',
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: 'Hi', refusal: null },
        logprobs: null,
        finish_reason: 'stop',
      },
    ],
    usage: {
      prompt_tokens: 3,
      completion_tokens: 2,
      total_tokens: 5,
      prompt_tokens_details: { cached_tokens: 0 },
      completion_tokens_details: { reasoning_tokens: 0 },
    },
  });
});

test('writes tool calls with their ids, their arguments as JSON', () => {
  const toolCalls = [{ id: 'call_1', name: 'add', arguments: { a: 1 } }];
  const answer: Answer = { text: null, refusal: null, toolCalls, finishReason: 'tool_calls' };
  expect(completion([ANSWER, answer])).toMatchObject({
    choices: [
      { index: 0 },
      {
        index: 1,
        message: {
          content: null,
          tool_calls: [
            { id: 'call_1', type: 'function', function: { name: 'add', arguments: '{"a":1}' } },
          ],
        },
        finish_reason: 'tool_calls',
      },
    ],
  });
});

test('has cached and reasoning tokens', () => {
  const usage = { promptTokens: 9, completionTokens: 8, cachedTokens: 7, reasoningTokens: 6 };
  expect(completion([ANSWER], usage)).toMatchObject({
    usage: {
      total_tokens: 17,
      prompt_tokens_details: { cached_tokens: 7 },
      completion_tokens_details: { reasoning_tokens: 6 },
    },
  });
});
