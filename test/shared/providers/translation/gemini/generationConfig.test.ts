import { describe, expect, test } from 'vitest';
import { generateContentRequest } from '../../../../../shared/providers/translation/geminiRequest.ts';

const MODEL = 'gemini-2.5-flash';
const USER = { role: 'user', content: 'Hi' };
const RULES = { provider: 'Gemini', dropFields: [] };

function translate(body: object, rules: object = {}) {
  const whole = { model: MODEL, messages: [USER], ...body };
  return generateContentRequest(whole, { ...RULES, ...rules });
}

const JSON_TYPE = { responseMimeType: 'application/json' };
const SCHEMA = { type: 'object', properties: { a: { type: 'number' } } };

describe('generationConfig', () => {
  test.each<[string, object, object]>([
    ['max_tokens', { max_tokens: 5 }, { maxOutputTokens: 5 }],
    ['max_completion_tokens', { max_completion_tokens: 6 }, { maxOutputTokens: 6 }],
    ['temperature', { temperature: 2 }, { temperature: 2 }],
    ['top_p', { top_p: 0.5 }, { topP: 0.5 }],
    ['one stop', { stop: 'END' }, { stopSequences: ['END'] }],
    ['several stops', { stop: ['A', 'B'] }, { stopSequences: ['A', 'B'] }],
    ['n', { n: 8 }, { candidateCount: 8 }],
    ['seed', { seed: -(2 ** 31) }, { seed: -(2 ** 31) }],
    ['presence_penalty', { presence_penalty: -2 }, { presencePenalty: -2 }],
    ['frequency_penalty', { frequency_penalty: 1.9 }, { frequencyPenalty: 1.9 }],
    ['json_object', { response_format: { type: 'json_object' } }, JSON_TYPE],
    [
      'json_schema',
      { response_format: { type: 'json_schema', json_schema: { name: 'a', schema: SCHEMA } } },
      { ...JSON_TYPE, responseJsonSchema: SCHEMA },
    ],
  ])('%s', (_name, body, generationConfig) => {
    expect(translate(body)).toMatchObject({ generationConfig });
  });

  test.each<[string, string, object]>([
    ['gemini-2.5-flash', 'none', { thinkingBudget: 0 }],
    ['gemini-2.5-flash', 'minimal', { thinkingBudget: 1_024 }],
    ['models/gemini-2.5-pro', 'low', { thinkingBudget: 1_024 }],
    ['gemini-2.5-pro', 'medium', { thinkingBudget: 8_192 }],
    ['gemini-2.5-flash-lite', 'high', { thinkingBudget: 24_576 }],
    ['gemini-3-flash-preview', 'minimal', { thinkingLevel: 'MINIMAL' }],
    ['gemini-3.1-pro', 'low', { thinkingLevel: 'LOW' }],
    ['gemini-flash-latest', 'medium', { thinkingLevel: 'MEDIUM' }],
    ['publishers/google/models/gemini-3-pro', 'high', { thinkingLevel: 'HIGH' }],
  ])('%s with reasoning_effort %s', (model, effort, thinkingConfig) => {
    const request = translate({ reasoning_effort: effort }, { model });
    expect(request).toMatchObject({ generationConfig: { thinkingConfig } });
  });
});

describe('what a model takes', () => {
  // The levels of each model, whether it takes temperature, and a last turn of its own.
  test.each<[string, string[], boolean]>([
    ['gemini-2.0-flash', [], true],
    ['gemini-2.5-pro', ['minimal', 'low', 'medium', 'high'], true],
    ['gemini-2.5-flash', ['none', 'minimal', 'low', 'medium', 'high'], true],
    ['gemini-3-pro-preview', ['low', 'high'], true],
    ['gemini-3-flash-preview', ['minimal', 'low', 'medium', 'high'], true],
    ['gemini-3.1-pro-preview', ['low', 'medium', 'high'], true],
    ['gemini-3.5-flash-lite', ['minimal', 'low', 'medium', 'high'], true],
    ['gemini-3.6-flash', ['minimal', 'low', 'medium', 'high'], false],
    ['gemini-3.7-flash', ['low', 'medium', 'high'], false],
    ['models/gemini-3.8-flash', ['low', 'medium', 'high'], false],
    ['gemini-flash-latest', ['low', 'medium', 'high'], false],
    ['1234567890', ['minimal', 'low', 'medium', 'high'], true],
  ])('%s', (model, efforts, isOld) => {
    const takes = (body: object) => {
      try {
        translate(body, { model });
        return true;
      } catch (error) {
        expect(error).toMatchObject({ reason: { code: 'unsupported_field' } });
        return false;
      }
    };
    const all = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh'];
    expect(all.filter((effort) => takes({ reasoning_effort: effort }))).toEqual(efforts);
    expect(takes({ temperature: 0.5 })).toBe(isOld);
    expect(takes({ frequency_penalty: 0.5 })).toBe(isOld);
    expect(takes({ messages: [USER, { role: 'assistant', content: 'I' }] })).toBe(isOld);
  });

  test('is named with the fix, may be dropped by name, and is overruled by the entry', () => {
    const model = 'gemini-3.8-flash';
    expect(() => translate({ top_p: 0.5 }, { model })).toThrow(
      /body\.top_p .*gemini-3\.8-flash does not take it: remove it, or list "top_p"/,
    );
    expect(translate({ top_p: 0.5 }, { model, dropFields: ['top_p'] })).not.toHaveProperty(
      'generationConfig',
    );
    const modelFacts = { [model]: { sampling: true, reasoningEfforts: ['minimal'] } };
    expect(
      translate({ top_p: 0.5, reasoning_effort: 'minimal' }, { model, modelFacts }),
    ).toMatchObject({
      generationConfig: { topP: 0.5, thinkingConfig: { thinkingLevel: 'MINIMAL' } },
    });
  });
});
