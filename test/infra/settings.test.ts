import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { App, Aws, Duration, Lazy, Token } from 'aws-cdk-lib';
import { describe, expect, it } from 'vitest';
import { LlmProvider } from '../../infra/providers/llmProvider.ts';
import { settingsText } from '../../infra/settings.ts';
import { providerSettingsSchema } from '../../shared/providers/kinds.ts';
import { type SettingsInput, settingsSchema } from '../../shared/settings.ts';
import { FLAGS, newHandler, newProcessor, newStack } from '../support/handlerStack.ts';

const openai = { kind: 'openai', limits: {} } as const;
/** An entry as the functions read it. */
const withDefaults = (entry: object = {}) =>
  providerSettingsSchema.parse({ kind: 'openai', ...entry });

describe('settingsText', () => {
  it('is what the functions read, with every default', () => {
    const text = settingsText({ providers: { openai }, policy: { maxAttempts: 3 } });

    expect(settingsSchema.parse(JSON.parse(text))).toEqual({
      providers: { openai: withDefaults() },
      policy: { maxAttempts: 3 },
    });
  });

  it.each<[string, SettingsInput, string]>([
    [
      'a text',
      { providers: { openai: { ...openai, baseUrl: `https://${Aws.REGION}.example` } } },
      'providers.openai.baseUrl is known only when the stack is deployed',
    ],
    [
      'a number',
      {
        providers: {
          openai: {
            ...openai,
            limits: { maxInFlight: Token.asNumber(Lazy.any({ produce: () => 1 })) },
          },
        },
      },
      'providers.openai.limits.maxInFlight is known only when the stack is deployed',
    ],
    [
      'a name',
      { providers: { [`a${Aws.REGION}`]: openai } },
      'providers.(a key) is known only when the stack is deployed',
    ],
  ])('refuses %s that is known only at deployment', (_what, settings, message) => {
    expect(() => settingsText(settings)).toThrow(message);
  });

  it.each<[string, SettingsInput, string]>([
    ['no provider', { providers: {} }, 'providers: {} must have at least one provider'],
    [
      'a bad name',
      { providers: { 'a_b!': openai } },
      'providers["a_b!"]: the name must be a letter',
    ],
    [
      'a bad limit',
      { providers: { a: { ...openai, limits: { maxInFlight: 0 } } } },
      'providers.a.limits.maxInFlight',
    ],
    ['a bad policy', { providers: { openai }, policy: { maxAttempts: 0 } }, 'policy.maxAttempts'],
  ])('refuses %s, naming the entry', (_what, settings, message) => {
    expect(() => settingsText(settings)).toThrow(message);
  });
});

describe('LlmProvider.openAi', () => {
  it('refuses a base URL over which the key would travel in the clear', () => {
    expect(() => LlmProvider.openAi({ baseUrl: 'http://api.example' })).toThrow(
      'baseUrl is http://api.example: it must be an https URL',
    );
    expect(LlmProvider.openAi({ baseUrl: 'http://127.0.0.1:8080/v1' }).settings.baseUrl).toBe(
      'http://127.0.0.1:8080/v1',
    );
  });
});

describe('the code of the functions', () => {
  it('has each handler’s own settings beside the bundle', () => {
    const app = new App({ context: FLAGS });
    const stack = newStack(app);
    newHandler(stack, {
      id: 'One',
      processor: newProcessor(stack, { timeout: Duration.minutes(2) }),
      retention: Duration.days(1),
      providers: { first: LlmProvider.openAi() },
    });
    newHandler(stack, {
      id: 'Two',
      processor: newProcessor(newStack(app, 'Other')),
      providers: { second: LlmProvider.openAi({ limits: { maxInFlight: 2 } }) },
    });

    const assembly = app.synth();

    const assets = JSON.parse(
      readFileSync(join(assembly.directory, `${stack.stackName}.assets.json`), 'utf8'),
    ).files as Record<string, { displayName: string; source: { path: string } }>;
    const settingsOf = (name: string) => {
      const asset = Object.values(assets).find(({ displayName }) => displayName.startsWith(name));
      const directory = join(assembly.directory, asset?.source.path ?? '');
      expect(readFileSync(join(directory, 'worker.mjs'), 'utf8')).not.toBe('');
      return JSON.parse(readFileSync(join(directory, 'settings.json'), 'utf8'));
    };
    expect(settingsOf('One/')).toEqual({
      providers: { first: withDefaults() },
      policy: { processorTimeoutSeconds: 120, retentionSeconds: 24 * 60 * 60 },
    });
    // Lambda's own default timeout is 3 seconds.
    expect(settingsOf('Two/')).toEqual({
      providers: { second: withDefaults({ limits: { maxInFlight: 2 } }) },
      policy: { processorTimeoutSeconds: 3 },
    });
  });
});
