/** Runs of each measurement, of which the median counts. */
export const RUNS = 5;

/**
 * The middle of the values; of an even number, the mean of the two in the middle.
 *
 * @throws Error if there are none
 */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  if (low === undefined || high === undefined) throw new Error('there is no median of no values');
  return (low + high) / 2;
}

/** Does it so often, one after the other. */
export async function repeat<T>(measure: () => Promise<T>, runs = RUNS): Promise<readonly T[]> {
  const results: T[] = [];
  for (let run = 0; run < runs; run++) results.push(await measure());
  return results;
}

/**
 * The median of the ratios of pairs that were measured one right after the other: what slows the
 * machine down for a while slows both, and cancels out.
 */
export function medianRatio(pairs: readonly (readonly [number, number])[]): number {
  return median(pairs.map(([one, other]) => one / other));
}
