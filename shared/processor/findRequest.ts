/** A request that was sent to the collector. */
export interface SentRequest {
  /** Name of the handler's table: an output of the stack. */
  readonly table: string;
  /** The provider entry that it was sent to. */
  readonly provider: string;
  /** The `custom_id` that it was sent with. */
  readonly customId: string;
}

/**
 * Finds the batch that a single request became part of: its result is the row with this
 * `custom_id` in the results, or the errors, of that batch. The caller needs `grantFind`.
 *
 * @returns the batchId; undefined while the request waits for others, if it was refused, and once
 *   its batch is forgotten
 */
export async function findRequest({
  table,
  provider,
  customId,
}: SentRequest): Promise<string | undefined> {
  // Loaded here: most processors never ask the table.
  const { dynamodbClient, readRequestBatch } = await import('./requestBatch.ts');
  return readRequestBatch(dynamodbClient(), table, { provider, customId });
}
