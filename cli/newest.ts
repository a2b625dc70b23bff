/**
 * The newest of a stream in no order, with how many there were. No more than twice `limit` are held
 * at a time.
 */
export async function newest<T extends { readonly createdAt: string }>(
  batches: AsyncIterable<T>,
  limit: number,
): Promise<{ readonly batches: readonly T[]; readonly total: number }> {
  let kept: T[] = [];
  let total = 0;
  const cut = (): void => {
    // ISO 8601 sorts as it is.
    kept = kept.sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1)).slice(0, limit);
  };
  for await (const batch of batches) {
    total += 1;
    kept.push(batch);
    if (kept.length >= 2 * limit) cut();
  }
  cut();
  return { batches: kept, total };
}
