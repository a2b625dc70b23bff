import { describe, expect, it } from 'vitest';
import type { BatchHandlerOptions } from '../../inProcess/index.ts';
import { checkOptions } from '../../inProcess/options.ts';

const RIGHT: BatchHandlerOptions = {
  providers: { openai: { kind: 'openai', apiKey: 'sk-test' } },
  directory: './batches',
  process: async () => {},
};

/** What JavaScript, or a settings file, may give. */
const check = (changes: object) => () => checkOptions({ ...RIGHT, ...changes });

describe('the options of a handler in one process', () => {
  it('have defaults, and the key is no setting', () => {
    const { providers, keys, ...checked } = checkOptions(RIGHT);

    expect(checked).toMatchObject({
      ...{ concurrency: 4, sweepSeconds: 10, processTimeoutSeconds: 900 },
      policy: { maxAttempts: 5, processorTimeoutSeconds: 900, invocationAgeSeconds: 6 * 3600 },
    });
    expect(JSON.stringify(providers)).not.toContain('sk-test');
    expect(keys.get('openai')).toBe('sk-test');
  });

  it('may give the processor hours, where Lambda gives it minutes', () => {
    const { policy } = checkOptions({ ...RIGHT, processTimeoutSeconds: 3 * 3600 });
    expect(policy.processorTimeoutSeconds).toBe(3 * 3600);
  });

  it.each([
    [{ providers: {} }, 'providers: {} must have at least one provider'],
    [{ directory: '' }, 'directory'],
    [{ process: 'x' }, 'process: "x" must be a function'],
    [{ concurrency: 0 }, 'concurrency: 0'],
    [{ concurrency: 1.5 }, 'concurrency: 1.5'],
    [{ sweepSeconds: -1 }, 'sweepSeconds: -1'],
    [{ processTimeoutSeconds: 86_400 }, 'processTimeoutSeconds: 86400'],
    [{ policy: { maxAttempts: 0 } }, 'policy.maxAttempts: 0'],
    [{ policy: { maxAttemps: 3 } }, 'maxAttemps'],
    [{ policy: { processorTimeoutSeconds: 3 } }, 'set processTimeoutSeconds instead'],
    [{ log: { info: 1 } }, 'log.info'],
    [{ onEvents: () => {} }, 'onEvents'],
    [
      { providers: { openai: { kind: 'opnai', apiKey: 'sk' } } },
      'providers.openai.kind is "opnai"',
    ],
    [{ providers: { 'my api': { kind: 'openai', apiKey: 'sk' } } }, 'must be a letter'],
    [{ providers: { openai: { kind: 'openai' } } }, 'providers.openai.apiKey is missing'],
    [
      { providers: { openai: { kind: 'openai', apiKey: ' ' } } },
      'providers.openai.apiKey is no key',
    ],
    [
      { providers: { openai: { kind: 'openai', apiKey: 'sk', limits: { maxRequest: 1 } } } },
      'providers.openai.limits.maxRequest',
    ],
    [
      {
        providers: {
          mine: { kind: 'openai-compatible', baseUrl: 'localhost:8080', apiKey: 'sk' },
        },
      },
      'providers.mine.baseUrl is localhost:8080: it must be an https URL',
    ],
    [
      { providers: { bedrock: { kind: 'bedrock' } } },
      'deploy the BatchHandler construct for it, or use the Anthropic API',
    ],
    [
      { providers: { claude: { kind: 'anthropic', aws: { workspaceId: 'w' }, apiKey: 'sk' } } },
      'providers.claude.apiKey: leave it out',
    ],
  ])('are refused with the place and the fix: %j', (changes, text) => {
    expect(check(changes)).toThrow(text);
    expect(check(changes)).toThrow(TypeError);
  });

  it('never show a key in an error', () => {
    const apiKey = 'sk-very-secret-key';
    const providers = { openai: { kind: 'openai', apiKey, limits: 3 } };
    let text = '';
    try {
      check({ providers })();
    } catch (error) {
      text = String(error);
    }
    expect(text).toContain('providers.openai.limits');
    expect(text).not.toContain('secret');
  });
});
