import { expect, test } from 'vitest';
import { chatCompletionOfGemini } from '../../../../../shared/providers/translation/geminiAnswer.ts';

const FACTS = { id: 'an-id', model: 'gemini-2.5-flash', created: 1_764_000_000 };

function translate(response: object) {
  return chatCompletionOfGemini(response, FACTS);
}

test.each([
  ['STOP', 'stop'],
  ['FINISH_REASON_UNSPECIFIED', 'stop'],
  ['MAX_TOKENS', 'length'],
  ['CONTINUATION', 'length'],
  ['SAFETY', 'content_filter'],
  ['RECITATION', 'content_filter'],
  ['LANGUAGE', 'content_filter'],
  ['BLOCKLIST', 'content_filter'],
  ['PROHIBITED_CONTENT', 'content_filter'],
  ['SPII', 'content_filter'],
  ['IMAGE_SAFETY', 'content_filter'],
  ['IMAGE_PROHIBITED_CONTENT', 'content_filter'],
  ['IMAGE_RECITATION', 'content_filter'],
  ['MODEL_ARMOR', 'content_filter'],
  ['IMAGE_OTHER', 'stop'],
  ['NO_IMAGE', 'stop'],
  ['OTHER', 'stop'],
  ['A_REASON_OF_ANOTHER_DAY', 'stop'],
])('finish reason %s is %s', (reason, finish) => {
  const { choices } = translate({
    candidates: [{ content: { parts: [{ text: 'x' }] }, finishReason: reason }],
  });
  expect(choices[0]).toMatchObject({
    message: { content: 'x', refusal: null },
    finish_reason: finish,
  });
});

test.each([
  'MALFORMED_FUNCTION_CALL',
  'UNEXPECTED_TOOL_CALL',
  'TOO_MANY_TOOL_CALLS',
  'MALFORMED_RESPONSE',
  'MISSING_THOUGHT_SIGNATURE',
])('an answer that stopped with %s throws', (reason) => {
  expect(() => translate({ candidates: [{ finishReason: reason }] })).toThrowError(reason);
});
