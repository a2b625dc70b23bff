import type { Price } from '../batch/cost.ts';
import { omitUndefined } from '../omitUndefined.ts';

/** The day on which the release of the price list was published that package.json names. */
export const BUILTIN_PRICES_DATE = '2026-09-23';

/** Whose prices they are: a provider's id in the list, or the address of its API. */
export interface PriceListOwner {
  readonly id?: string | undefined;
  readonly baseUrl?: string | undefined;
}

/**
 * The list prices of a provider's models, from https://github.com/pydantic/genai-prices, without a
 * call to anyone. The list is loaded with the first lookup of a process: it has 800 KB.
 *
 * @returns a lookup by the provider's name for a model; undefined for a model that the list does not
 *   have. Of prices that rise with the length of a prompt, it has those of short ones
 */
export async function builtinPrices({
  id,
  baseUrl,
}: PriceListOwner): Promise<(model: string) => Price | undefined> {
  const { calcPrice } = await import('@pydantic/genai-prices');
  // Without a provider the list would guess one by the name of the model.
  if (id === undefined && baseUrl === undefined) return () => undefined;
  const owner = omitUndefined({ providerId: id, providerApiUrl: id ? undefined : baseUrl });
  return (model) => {
    const prices = calcPrice({ input_tokens: 1 }, model, owner)?.model_price;
    const of = (name: string): number | undefined => {
      const price = prices?.[name];
      return typeof price === 'object' ? price.base : price;
    };
    const input = of('input_mtok');
    if (input === undefined) return undefined;
    return omitUndefined({
      input,
      // Embeddings have no output.
      output: of('output_mtok') ?? 0,
      cachedInput: of('cache_read_mtok'),
      cacheWrite: of('cache_write_mtok'),
      longCacheWrite: of('cache_write_1h_mtok'),
    });
  };
}
