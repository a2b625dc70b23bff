import { describe, expect, it } from 'vitest';
import { savingsOf } from '../../../shared/console/savings.ts';
import { providerSettingsSchema } from '../../../shared/providers/kinds.ts';
import { describedProviders } from '../../../shared/providers/registry.ts';

const usage = { inputTokens: 2_000_000, outputTokens: 1_000_000, totalTokens: 3_000_000 };

/** The prices of one entry, by its settings. */
async function pricesOf(settings: object) {
  const entry = providerSettingsSchema.parse(settings);
  const { pricing } = await describedProviders({ entry }).describe('entry');
  return (name: string) => (name === 'entry' ? pricing : undefined);
}

const OWN = { m: { input: 1, output: 4 } };
const COMPATIBLE = { kind: 'openai-compatible', baseUrl: 'https://example.com/v1' };
const paid = { provider: 'entry', model: 'm', usage };

describe('what batches have saved', () => {
  it('is the discount that the kind states', async () => {
    const savings = savingsOf(
      [{ ...paid, cost: 3 }],
      await pricesOf({ kind: 'openai', prices: OWN }),
    );
    expect(savings).toEqual({ batches: 1, paid: 3, live: 6, leftOut: [] });
  });

  it('leaves the discount of the cache out where it takes the place of that for batches', async () => {
    const prices = { m: { input: 1, output: 4, cachedInput: 0.1 } };
    const vertex = {
      ...{ kind: 'vertex-ai', project: 'p', location: 'us-central1', prices },
      store: { type: 'gcs', bucket: 'b' },
    };
    const cached = { ...usage, cachedTokens: 1_000_000 };
    const savings = savingsOf([{ ...paid, usage: cached, cost: 2.6 }], await pricesOf(vertex));
    expect(savings.live).toBeCloseTo(5.1);
  });

  it('is what the entry itself states', async () => {
    const prices = await pricesOf({ ...COMPATIBLE, prices: OWN, batchDiscount: 0.25 });
    expect(savingsOf([{ ...paid, cost: 4.5 }], prices)).toMatchObject({ paid: 4.5, live: 6 });
  });

  it('is not known if nobody states a discount', async () => {
    const prices = await pricesOf({ ...COMPATIBLE, prices: OWN });
    expect(savingsOf([{ ...paid, cost: 6 }], prices)).toEqual({
      ...{ batches: 0, paid: 0, live: 0 },
      leftOut: [{ why: 'no_discount', batches: 1, paid: 6, providers: ['entry'] }],
    });
  });

  it.each([
    ['unknown_cost', { cost: null }],
    ['no_entry', { cost: 3, provider: 'constructor' }],
    ['no_price', { cost: 3, model: 'other' }],
    ['other_prices', { cost: 2.9 }],
  ])('is not known: %s', async (why, changes) => {
    const prices = await pricesOf({ kind: 'openai', prices: OWN });
    const { batches, leftOut } = savingsOf([{ ...paid, ...changes }], prices);
    expect({ batches, why: leftOut[0]?.why }).toEqual({ batches: 0, why });
  });

  it('says nothing of batches that were billed for nothing', async () => {
    const none = { inputTokens: 0, outputTokens: 0, totalTokens: 0 };
    const { leftOut } = savingsOf([{ ...paid, usage: none, cost: 0 }], () => undefined);
    expect(leftOut).toEqual([]);
  });
});
