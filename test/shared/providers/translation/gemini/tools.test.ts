import { describe, expect, test } from 'vitest';
import { generateContentRequest } from '../../../../../shared/providers/translation/geminiRequest.ts';

const MODEL = 'gemini-2.5-flash';
const USER = { role: 'user', content: 'Hi' };
const TOOL = {
  type: 'function',
  function: {
    name: 'weather',
    description: 'Tells the weather.',
    parameters: { type: 'object', properties: { city: { type: 'string' } } },
  },
};
const NAMED = { type: 'function', function: { name: 'weather' } };
const RULES = { provider: 'Gemini', dropFields: [] };

function translate(body: object, rules: object = {}) {
  const whole = { model: MODEL, messages: [USER], ...body };
  return generateContentRequest(whole, { ...RULES, ...rules });
}

describe('tool_choice', () => {
  const strict = { ...TOOL, function: { ...TOOL.function, strict: true } };
  test.each<[string, object, object | undefined]>([
    ['nothing', {}, undefined],
    ['auto', { tool_choice: 'auto' }, { mode: 'AUTO' }],
    ['none', { tool_choice: 'none' }, { mode: 'NONE' }],
    ['required', { tool_choice: 'required' }, { mode: 'ANY' }],
    ['one', { tool_choice: NAMED }, { mode: 'ANY', allowedFunctionNames: ['weather'] }],
    ['auto, strict', { tools: [strict], tool_choice: 'auto' }, { mode: 'VALIDATED' }],
    ['nothing, strict', { tools: [strict] }, { mode: 'VALIDATED' }],
    ['required, strict', { tools: [strict], tool_choice: 'required' }, { mode: 'ANY' }],
  ])('%s', (_name, body, config) => {
    const { toolConfig } = translate({ tools: [TOOL], ...body });
    expect(toolConfig).toEqual(config && { functionCallingConfig: config });
  });

  test('a tool without parameters has no schema', () => {
    const empty = { properties: {}, required: [], additionalProperties: false };
    const parameters = { type: 'object', ...empty };
    const { tools } = translate({
      tools: [{ type: 'function', function: { name: 'now', parameters } }],
    });
    expect(tools).toEqual([{ functionDeclarations: [{ name: 'now' }] }]);
  });
});

describe('the signature of function calls', () => {
  const call = (id: string) => ({ id, type: 'function', function: { name: 'f', arguments: '{}' } });
  const messages = [
    USER,
    { role: 'assistant', tool_calls: [call('a'), call('b')] },
    { role: 'tool', tool_call_id: 'a', content: '1' },
    { role: 'tool', tool_call_id: 'b', content: '2' },
  ];

  test.each([
    ['gemini-2.5-flash', [undefined, undefined]],
    ['gemini-2.0-flash', [undefined, undefined]],
    ['gemini-3-flash-preview', ['skip_thought_signature_validator', undefined]],
    ['gemini-flash-latest', ['skip_thought_signature_validator', undefined]],
  ])('%s', (model, signatures) => {
    const { contents } = translate({ messages }, { model }) as {
      contents: { parts: { thoughtSignature?: string }[] }[];
    };
    expect(contents[1]?.parts.map((part) => part.thoughtSignature)).toEqual(signatures);
  });
});
