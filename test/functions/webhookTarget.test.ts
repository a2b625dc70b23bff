import { expect, it } from 'vitest';
import { webhookTarget } from '../../functions/compose.ts';
import { SECRET_PLACEHOLDER } from '../../shared/providers/settings.ts';

const CONFIG = {
  webhookUrl: 'https://hooks.example.com/',
  webhookSecretArns: { gemini: 'an arn' },
};

const secretsWith = (text: string | undefined) => ({ get: async () => text });

it.each([
  ['the secret', 'a secret\n', 'a secret'],
  ['a secret that is not filled in', SECRET_PLACEHOLDER, ''],
  ['a secret that does not exist', undefined, ''],
])('a job can be created with a webhook by %s', async (_what, text, expected) => {
  const target = webhookTarget(CONFIG, secretsWith(text), 'gemini');

  expect(target?.url).toBe('https://hooks.example.com/gemini');
  expect(await target?.secret()).toBe(expected);
});

it('a secret that cannot be read leaves a job without a webhook, and holds up nothing', async () => {
  const get = async () => {
    throw new Error('throttled');
  };

  expect(await webhookTarget(CONFIG, { get }, 'gemini')?.secret()).toBeUndefined();
});

it.each(['other', 'constructor'])('the entry %s, which has no webhooks, has no URL', (entry) => {
  expect(webhookTarget(CONFIG, secretsWith('a secret'), entry)).toBeUndefined();
});

it('a function without the URL has none for any entry', () => {
  const config = { ...CONFIG, webhookUrl: undefined };

  expect(webhookTarget(config, secretsWith('a secret'), 'gemini')).toBeUndefined();
});
