import type * as z from 'zod';
import { SCHEMA_VERSION } from '../batch/batch.ts';
import { messageOf, NewerSchemaError } from '../batch/errors.ts';
import type { Item } from './table.ts';

/**
 * Reads the JSON that an item keeps under `record`. As text it holds any number and any key that
 * JSON can, which DynamoDB's own numbers and maps do not, and its bytes are easily counted.
 *
 * @param what names the item in errors
 * @throws NewerSchemaError for an item of a newer version, whatever it looks like
 */
export function parseRecord<T>(what: string, item: Item, schema: z.ZodType<T>): T {
  if (isNewer(item)) throw new NewerSchemaError(what, item.schemaVersion);
  try {
    return schema.parse(JSON.parse(String(item.record)));
  } catch (error) {
    throw new Error(`${what} cannot be read: ${messageOf(error)}`, { cause: error });
  }
}

function isNewer(item: Item): boolean {
  return Number(item.schemaVersion) > SCHEMA_VERSION;
}
