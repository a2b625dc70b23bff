/** Names a batch in a log line. `attempt` is absent only where no record of the batch was read. */
export interface BatchLogFields {
  readonly batchId: string;
  readonly attempt?: number | undefined;
}

/** The fields of a log line about a batch. */
export function logFields({ batchId, attempt }: BatchLogFields): BatchLogFields {
  return attempt === undefined ? { batchId } : { batchId, attempt };
}

const subjects = new WeakMap<Error, BatchLogFields>();

/**
 * Remembers which batch an error is about, so that whoever logs the error can name the batch. The
 * first call for an error counts: it knows more than those that the error passes later.
 *
 * @returns the error, to be thrown again
 */
export function attributed(error: unknown, batch: BatchLogFields): unknown {
  if (error instanceof Error && !subjects.has(error)) subjects.set(error, logFields(batch));
  return error;
}

/** The fields of a log line about an error; undefined if it is about no batch. */
export function logFieldsOf(error: unknown): BatchLogFields | undefined {
  return error instanceof Error ? subjects.get(error) : undefined;
}
