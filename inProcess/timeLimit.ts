/**
 * Waits for something that may never end. What does not end in time goes on unwatched: nothing can end it.
 *
 * @param failure what is thrown when the time is over, made at that moment
 * @throws what `work` throws; `failure()` after so many milliseconds
 */
export async function withinTime<T>(
  milliseconds: number,
  work: () => Promise<T> | T,
  failure: () => Error,
): Promise<T> {
  const { promise: timeOver, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(failure()), milliseconds).unref();
  try {
    return await Promise.race([(async () => work())(), timeOver]);
  } finally {
    clearTimeout(timer);
  }
}
