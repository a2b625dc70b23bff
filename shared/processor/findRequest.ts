/** A single request that was sent to the collector. */
export interface SentRequest {
  /** Name of the handler's table, which is an output of the stack. */
  readonly table: string;
  /** The provider entry that it was sent to. */
  readonly provider: string;
  /** The `custom_id` that it was sent with. */
  readonly customId: string;
}

/**
 * Finds the batch that contains a single request. The row with its `custom_id` is in the results or
 * the errors of that batch. The caller needs the permissions of `grantFind`.
 *
 * @returns the batch id; undefined if the request still waits for others or was refused, or if the
 *   record of its batch has expired
 */
export async function findRequest({
  table,
  provider,
  customId,
}: SentRequest): Promise<string | undefined> {
  // Imported here, because most processors do not use the table.
  const { dynamodbClient, dynamoTable, readRequestBatch } = await import('./requestBatch.ts');
  return readRequestBatch(dynamoTable(dynamodbClient(), table), { provider, customId });
}
