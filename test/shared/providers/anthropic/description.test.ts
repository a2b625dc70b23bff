import { describe, expect, test } from 'vitest';
import { RefusedError } from '../../../../shared/batch/errors.ts';
import { describeAnthropic } from '../../../../shared/providers/anthropic/description.ts';
import type { RequestToCheck } from '../../../../shared/providers/provider.ts';
import { SETTINGS } from './provider.ts';

const { checkOptions, checkRequest, endpoints } = await describeAnthropic({
  ...SETTINGS,
  models: { '*': 'claude-haiku-4-5' },
  dropFields: ['seed'],
});
const request = (body: object, url = '/v1/chat/completions'): RequestToCheck => ({
  customId: 'a',
  url,
  model: 'gpt-4o-mini',
  body: { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'secret' }], ...body },
});

describe('describeAnthropic', () => {
  test('takes no options', () => {
    expect(() => checkOptions({})).not.toThrow();
    expect(() => checkOptions({ betas: ['x'] })).toThrow(RefusedError);
    expect(() => checkOptions({ betas: ['x'] })).toThrow('options.betas');
  });

  test('takes chat completions, responses, and its own messages as native', () => {
    expect(endpoints).toEqual(['/v1/chat/completions', '/v1/responses', '/v1/messages']);
    const own = request({ max_tokens: 5 }, '/v1/messages');
    expect(() => checkRequest?.(own, 'native')).not.toThrow();
    expect(() => checkRequest?.(own, 'openai')).toThrow('format "native" only');
  });

  test.each([
    ['what it can express', { temperature: 0 }],
    ['what the settings leave out', { seed: 5 }],
  ])('takes %s', (_name, body) => {
    expect(() => checkRequest?.(request(body), 'openai')).not.toThrow();
  });

  test.each([
    ['openai', { n: 2 }, 'body.n cannot be expressed for Anthropic'],
    ['openai', { messages: [] }, 'body.messages'],
    ['native', { messages: 'secret', max_tokens: 5 }, 'body.messages is no list'],
    ['native', {}, 'body.max_tokens is no whole number'],
  ] as const)('refuses, as %s, %j', (format, body, message) => {
    const check = () => checkRequest?.(request(body), format);
    expect(check).toThrow(RefusedError);
    expect(check).toThrow(message);
    expect(check).not.toThrow('secret');
  });
});
