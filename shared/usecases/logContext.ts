import { AsyncLocalStorage } from 'node:async_hooks';

/** Which batch something concerns, and which attempt of it where there is a record to tell. */
export interface BatchContext {
  readonly batchId: string;
  readonly attempt?: number | undefined;
}

const current = new AsyncLocalStorage<BatchContext>();
const subjects = new WeakMap<Error, BatchContext>();

/**
 * Does work that concerns one batch: whatever logs in it, however deep, names the batch without
 * having to know it, and so does whoever logs an error that comes out of it.
 */
export function withBatchContext<T>(
  { batchId, attempt }: BatchContext,
  work: () => Promise<T>,
): Promise<T> {
  const subject = attempt === undefined ? { batchId } : { batchId, attempt };
  return current.run(subject, async () => {
    try {
      return await work();
    } catch (error) {
      // The innermost knows best.
      if (error instanceof Error && !subjects.has(error)) subjects.set(error, subject);
      throw error;
    }
  });
}

/** What the work under way is about, if it is about one batch. */
export function currentBatchContext(): BatchContext | undefined {
  return current.getStore();
}

/** What the work was about that an error came out of. */
export function batchContextOf(error: unknown): BatchContext | undefined {
  return error instanceof Error ? subjects.get(error) : undefined;
}
