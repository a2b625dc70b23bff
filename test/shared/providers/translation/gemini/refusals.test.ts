import { describe, expect, test } from 'vitest';
import {
  embedContentRequest,
  generateContentRequest,
} from '../../../../../shared/providers/translation/geminiRequest.ts';

const SECRET = 'a secret of the prompt';
const USER = { role: 'user', content: SECRET };
const RULES = { provider: 'Gemini', dropFields: [] };

function translate(body: object, dropFields: readonly string[] = []) {
  const whole = { model: 'gemini-2.5-flash', messages: [USER], ...body };
  return generateContentRequest(whole, { ...RULES, dropFields });
}

const TOOL = { type: 'function', function: { name: 'f' } };
const image = (url: string) => ({
  messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url } }] }],
});

/** Fields, the place in the refusal, and the entry of dropFields that drops them. */
const DROPPABLE: [string, object, string][] = [
  ['logprobs', { logprobs: true }, 'body.logprobs'],
  ['top_logprobs', { top_logprobs: 3 }, 'body.top_logprobs'],
  ['logit_bias', { logit_bias: { 50256: -100 } }, 'body.logit_bias'],
  ['parallel_tool_calls', { parallel_tool_calls: false }, 'body.parallel_tool_calls'],
  ['user', { user: 'u-1' }, 'body.user'],
  ['metadata', { metadata: { a: 'b' } }, 'body.metadata'],
  ['store', { store: true }, 'body.store'],
  ['stream', { stream: true }, 'body.stream'],
  ['service_tier', { service_tier: 'flex' }, 'body.service_tier'],
  ['prediction', { prediction: { type: 'content' } }, 'body.prediction'],
  ['modalities', { modalities: ['audio'] }, 'body.modalities'],
  ['verbosity', { verbosity: 'low' }, 'body.verbosity'],
  ['web_search_options', { web_search_options: {} }, 'body.web_search_options'],
  ['prompt_cache_key', { prompt_cache_key: 'k' }, 'body.prompt_cache_key'],
  ['functions', { functions: [{ name: 'f' }] }, 'body.functions'],
  ['n', { n: 9 }, 'body.n'],
  ['seed', { seed: 2 ** 31 }, 'body.seed'],
  ['stop', { stop: ['1', '2', '3', '4', '5', '6'] }, 'body.stop'],
  ['presence_penalty', { presence_penalty: 2 }, 'body.presence_penalty'],
  ['frequency_penalty', { frequency_penalty: -2.1 }, 'body.frequency_penalty'],
  ['reasoning_effort', { reasoning_effort: 'xhigh' }, 'body.reasoning_effort'],
  ['messages.name', { messages: [{ ...USER, name: 'Ann' }] }, 'body.messages[0].name'],
];

describe('what Gemini cannot express', () => {
  test.each(DROPPABLE)('%s is refused by its name, and can be dropped', (name, body, place) => {
    expect(() => translate(body)).toThrowError(expect.objectContaining({ name: 'RefusedError' }));
    expect(() => translate(body)).toThrowError(place);
    expect(() => translate(body)).not.toThrowError(SECRET);
    expect(translate(body, [name])).toEqual({
      contents: [{ role: 'user', parts: [{ text: SECRET }] }],
    });
  });

  test.each<[string, object, string]>([
    ["no message but the system's", { messages: [{ role: 'system', content: 'x' }] }, 'messages'],
    ['an empty message', { messages: [{ role: 'user', content: '' }] }, 'messages'],
    ['an image behind a URL', image('gs://bucket/a.png'), 'image_url.url'],
    ['an image of another type', image('data:image/gif;base64,R0lG'), 'image_url.url'],
    ['a late system message', { messages: [USER, { role: 'system', content: 'x' }] }, '[1].role'],
    ['a choice without tools', { tool_choice: 'required' }, 'body.tool_choice'],
    [
      'a tool that begins with a digit',
      { tools: [TOOL, { type: 'function', function: { name: '3d' } }] },
      'body.tools[1].function.name',
    ],
    ['a temperature over 2', { temperature: 3 }, 'body.temperature'],
  ])('%s is refused whatever dropFields contains', (_name, body, place) => {
    const refused = () => translate(body, ['messages.content', 'temperature', 'tools']);
    expect(refused).toThrowError(expect.objectContaining({ name: 'RefusedError' }));
    expect(refused).toThrowError(place);
    expect(refused).not.toThrowError(SECRET);
  });

  test.each([
    ['gemini-2.5-pro', 'none'],
    ['gemini-2.0-flash', 'low'],
    ['gemini-3-pro', 'none'],
    ['gemini-3-pro', 'toString'],
  ])('%s has no reasoning_effort %s', (model, effort) => {
    expect(() => translate({ model, reasoning_effort: effort })).toThrowError('reasoning_effort');
  });
});

describe('embeddings', () => {
  const embed = (body: object, dropFields: readonly string[] = []) =>
    embedContentRequest({ model: 'gemini-embedding-001', ...body }, { ...RULES, dropFields });
  const content = { parts: [{ text: 'a' }] };

  test.each<[string, object, object]>([
    ['a text', { input: 'a' }, { content }],
    ['a list of one', { input: ['a'] }, { content }],
    ['dimensions', { input: 'a', dimensions: 256 }, { content, outputDimensionality: 256 }],
    ['float', { input: 'a', encoding_format: 'float' }, { content }],
  ])('%s', (_name, body, request) => {
    expect(embed(body)).toEqual(request);
  });

  test.each<[string, object, string]>([
    ['several texts', { input: ['a', 'b'] }, 'body.input'],
    ['token numbers', { input: [1, 2] }, 'body.input'],
    ['no text', { input: '' }, 'body.input'],
    ['base64', { input: 'a', encoding_format: 'base64' }, 'body.encoding_format'],
    ['user', { input: 'a', user: 'u' }, 'body.user'],
  ])('%s is refused', (_name, body, place) => {
    expect(() => embed(body)).toThrowError(place);
  });

  test('fields of dropFields', () => {
    const body = { input: 'a', encoding_format: 'base64', user: 'u' };
    expect(embed(body, ['encoding_format', 'user'])).toEqual({ content });
  });
});
