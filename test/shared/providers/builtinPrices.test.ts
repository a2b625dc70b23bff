import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type BilledTokens, costOf } from '../../../shared/batch/cost.ts';
import { BUILTIN_PRICES_DATE, builtinPrices } from '../../../shared/providers/builtinPrices.ts';
import { type ProviderSettings, providerSettingsSchema } from '../../../shared/providers/kinds.ts';
import { describedProviders } from '../../../shared/providers/registry.ts';

const entry = (settings: object): ProviderSettings => providerSettingsSchema.parse(settings);
const OPENAI = { kind: 'openai', prices: 'builtin' };
const CLAUDE = { kind: 'anthropic', prices: 'builtin' };
const VERTEX = {
  ...{ kind: 'vertex-ai', project: 'p', location: 'global', prices: 'builtin' },
  store: { type: 'gcs', bucket: 'b' },
};

async function pricing(settings: object) {
  return (await describedProviders({ it: entry(settings) }).describe('it')).pricing;
}

const millions = (input: number, output: number, parts: Partial<BilledTokens> = {}) => ({
  ...{ inputTokens: input * 1e6, outputTokens: output * 1e6 },
  ...parts,
});

describe('a bill that others have published', () => {
  it.each<[string, object, string, BilledTokens, number]>([
    [
      // https://dev.to/neverpaytwice/claude-batch-api-half-price-if-you-can-wait-ecg
      'ten thousand requests of 5,000 and 800 tokens to Claude Opus 5.5',
      ...([{ ...CLAUDE, prices: { '*': { input: 4, output: 20 } } }, 'claude-opus-5-5'] as const),
      ...([millions(50, 8), 180] as const),
    ],
    [
      // https://aicosthub.com/guides/openai-batch-api-cost-savings
      'a day of 100,000 moderated reviews by GPT-4o mini',
      ...([OPENAI, 'gpt-4o-mini', millions(20, 5), 3] as const),
    ],
    [
      // https://tokencostcalculator.pages.dev/blog/openai-batch-api-cost-savings
      'a day of 100,000 documents of 2,000 and 500 tokens by GPT-4o',
      ...([OPENAI, 'gpt-4o', millions(200, 50), 500] as const),
    ],
    [
      // https://platform.claude.com/docs/en/build-with-claude/batch-processing#pricing: 1.50 and 7.50
      'a million tokens each of Claude Sonnet 4.6',
      ...([CLAUDE, 'claude-sonnet-4-6', millions(1, 1), 9] as const),
    ],
    [
      // https://platform.claude.com/docs/en/build-with-claude/prompt-caching#pricing: of a base price of
      // 1, reads are 0.10, writes for 5 minutes 1.25, and writes for an hour 2; half of each in a batch
      'a million tokens of each lifetime in the cache of Claude Haiku 4.5',
      ...([CLAUDE, 'claude-haiku-4-5'] as const),
      millions(4, 0, {
        ...{ cachedTokens: 1e6, cacheWriteTokens: 2e6, longCacheWriteTokens: 1e6 },
      }),
      (1 + 0.1 + 1.25 + 2) / 2,
    ],
    [
      // https://docs.cloud.google.com/vertex-ai/generative-ai/docs/multimodal/batch-prediction-gemini:
      // "The 90% cache hit discount takes precedence over the batch discount."
      'Gemini 2.5 Flash at Vertex AI, half of whose input was cached',
      ...([VERTEX, 'gemini-2.5-flash', millions(2, 1, { cachedTokens: 1e6 })] as const),
      0.3 / 2 + 0.3 * 0.1 + 2.5 / 2,
    ],
  ])('is met to 0.1 %%: %s', async (_, settings, model, tokens, bill) => {
    const { priceOf } = await pricing(settings);
    const cost = costOf(tokens, priceOf(model)) ?? Number.NaN;
    expect(Math.abs(cost - bill)).toBeLessThan(bill / 1000);
  });
});

describe('built-in prices', () => {
  it('stand behind those of the entry, by the name that the provider has for a model', async () => {
    const mine = { input: 1, output: 1 };
    const models = { quick: 'gpt-5-mini' };
    const { priceOf, builtinDate } = await pricing({
      ...{ ...OPENAI, batchDiscount: 0, models },
      prices: { mine, '*': 'builtin' },
    });
    expect(priceOf('mine')).toEqual(mine);
    expect(priceOf('quick')).toEqual({ input: 0.25, output: 2, cachedInput: 0.025 });
    expect(priceOf('no-such-model')).toBeUndefined();
    expect(builtinDate).toBe(BUILTIN_PRICES_DATE);
  });

  it('are not used unless the entry asks for them', async () => {
    const { priceOf, builtinDate } = await pricing({ kind: 'openai' });
    expect(priceOf('gpt-5-mini')).toBeUndefined();
    expect(builtinDate).toBeUndefined();
  });

  it('of a service are found by the address of its API', async () => {
    const groq = await builtinPrices({ baseUrl: 'https://api.groq.com/openai/v1' });
    expect(groq('llama-3.1-8b-instant')?.input).toBeGreaterThan(0);
    const unknown = await builtinPrices({ baseUrl: 'https://models.invalid/v1' });
    expect(unknown('gpt-5-mini')).toBeUndefined();
    expect((await builtinPrices({}))('gpt-5-mini')).toBeUndefined();
  });

  it('cost nothing for the output of embeddings', async () => {
    const { priceOf } = await pricing({ ...OPENAI, batchDiscount: 0 });
    expect(priceOf('text-embedding-3-small')).toEqual({ input: 0.02, output: 0 });
  });

  it('are of the day that the handler names: both change together', () => {
    const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8'));
    expect([dependencies['@pydantic/genai-prices'], BUILTIN_PRICES_DATE]).toEqual([
      '0.1.8',
      '2026-09-23',
    ]);
    expect(readFileSync('docs/costs.md', 'utf8')).toContain(`**${BUILTIN_PRICES_DATE}**`);
  });
});
