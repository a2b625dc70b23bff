import { describe, expect, it } from 'vitest';
import { addMessageSchema } from '../../../shared/batch/messages.ts';
import { providerSettingsSchema } from '../../../shared/providers/kinds.ts';
import { describedProviders } from '../../../shared/providers/registry.ts';
import { createTokenEstimator } from '../../../shared/tokens/fileEstimator.ts';
import { estimate } from '../../../shared/usecases/estimate.ts';

/** A deployment with these entries, as an estimate needs it: without secrets, and with nothing to call. */
function deployment(entries: Record<string, object>) {
  const settings = Object.fromEntries(
    Object.entries(entries).map(([name, entry]) => [name, providerSettingsSchema.parse(entry)]),
  );
  return {
    providers: describedProviders(settings),
    tokens: { estimate: async (fileBytes?: number) => createTokenEstimator({ fileBytes }) },
  };
}

const OPENAI = { kind: 'openai', prices: { 'gpt-4o-mini': { input: 2, output: 8 } } };

function chat(customId: string, body: object = {}): string {
  const messages = [{ role: 'user', content: 'Say hello.' }];
  const whole = { model: 'gpt-4o-mini', messages, max_tokens: 100, ...body };
  const url = '/v1/chat/completions';
  return JSON.stringify({ custom_id: customId, method: 'POST', url, body: whole });
}

async function estimateOf(
  lines: readonly string[],
  entries: Record<string, object> = { openai: OPENAI },
  message: object = {},
  maxReasons = 20,
) {
  const text = Buffer.from(lines.map((line) => `${line}\n`).join(''));
  const source = {
    bytes: text.length,
    chunks: (async function* () {
      yield text;
    })(),
  };
  return estimate(deployment(entries), addMessageSchema.parse(message), source, maxReasons);
}

describe('an estimate', () => {
  it('refuses a line that an import from Cloud Storage would not take beside the line before', async () => {
    const vertex = {
      kind: 'vertex-ai',
      project: 'a-project',
      location: 'us-central1',
      store: { type: 'gcs', bucket: 'a-bucket' },
      models: { '*': 'gemini-2.5-flash' },
    };
    const json_schema = {
      name: 'a',
      schema: { type: 'object', properties: { a: { type: 'string' } } },
    };
    const lines = [chat('a', { response_format: { type: 'json_schema', json_schema } }), chat('b')];
    const found = await estimateOf(lines, { vertex });
    expect(found).toMatchObject({
      problems: 1,
      reasons: [
        {
          line: 2,
          code: 'unsupported_field',
          message: expect.stringMatching(/^line 2: .*line 1.*BigQuery store/),
        },
      ],
    });
  });

  it('has requests, tokens, jobs and cost', async () => {
    const found = await estimateOf(['a', 'b', 'c'].map((id) => chat(id)));
    expect(found).toMatchObject({
      providers: ['openai'],
      endpoint: '/v1/chat/completions',
      model: 'gpt-4o-mini',
      requests: 3,
      jobs: 1,
      maxOutputTokens: 300,
      openEnded: 0,
      price: { input: 1, output: 4 },
      problems: 0,
      waits: [],
    });
    expect(found.cost).toBeCloseTo((found.inputTokens * 1 + 300 * 4) / 1e6, 12);
  });

  it('has no cost without a price, and counts requests without a limit on their answers', async () => {
    const openEnded = { max_tokens: undefined };
    const lines = [chat('a'), chat('b', openEnded)];
    const found = await estimateOf(lines, { openai: { kind: 'openai' } });
    expect(found).toMatchObject({ cost: null, price: null, openEnded: 1 });
  });

  it('cuts into jobs by the limits of the deployment', async () => {
    const openai = { ...OPENAI, limits: { maxRequests: 2 } };
    const found = await estimateOf(
      ['a', 'b', 'c', 'd', 'e'].map((id) => chat(id)),
      { openai },
    );
    expect(found.jobs).toBe(3);
  });

  it('names problems with their lines, and counts all of them', async () => {
    const lines = [
      '{',
      chat('a'),
      chat('a'),
      chat('b', { model: 'other' }),
      chat('c', { stream: true }),
    ];
    const found = await estimateOf(lines);
    expect(found.reasons.map(({ line, code }) => [line, code])).toEqual([
      [1, 'invalid_json_line'],
      [3, 'duplicate_custom_id'],
      [4, 'model_mismatch'],
      [5, 'stream'],
    ]);
    expect(await estimateOf(lines, undefined, {}, 1)).toMatchObject({
      problems: 4,
      reasons: [{ line: 1 }],
    });
  });

  it('checks requests against every entry', async () => {
    const entries = { openai: OPENAI, claude: { kind: 'anthropic' } };
    const lines = [chat('a', { seed: 1 })];
    expect(await estimateOf(lines, entries)).toMatchObject({ problems: 0 });
    const both = await estimateOf(lines, entries, { providers: ['openai', 'claude'] });
    expect(both).toMatchObject({ problems: 1, reasons: [{ line: 1 }], cost: null });
    expect(both.reasons[0]?.message).toContain('body.seed');
  });

  it('says if it exceeds maxCost, or waits for a daily budget', async () => {
    const dear = await estimateOf([chat('a')], undefined, { maxCost: 0.0001 });
    expect(dear).toMatchObject({ problems: 1, reasons: [{ code: 'over_max_cost' }] });
    const openai = { ...OPENAI, dailyBudget: 0.0001 };
    const over = await estimateOf([chat('a')], { openai });
    expect(over).toMatchObject({ problems: 0, waits: [expect.stringContaining('dailyBudget')] });
    const unpriced = await estimateOf([chat('a')], { openai: { kind: 'openai', dailyBudget: 1 } });
    expect(unpriced.waits).toEqual([expect.stringContaining('no price')]);
  });

  it.each([
    ['an unknown provider', { provider: 'nobody' }, 'use one of openai'],
    ['an endpoint that it has not', { endpoint: '/v1/nowhere' }, 'is not one of provider openai'],
    ['an option that it has not', { options: { x: 1 } }, 'options.x'],
  ])('refuses %s as the intake does', async (_, message, text) => {
    await expect(estimateOf([chat('a')], undefined, message)).rejects.toThrow(text);
  });
});
