import { afterAll, beforeAll, beforeEach } from 'vitest';
import { dynamoTable } from '../../shared/aws/table.ts';
import type { ItemTable } from '../../shared/stores/itemTable.ts';
import { type Emulators, startEmulators } from './emulators.ts';

/** The table of the test that runs. */
export interface FreshTable {
  readonly emulators: Emulators;
  readonly tableName: string;
  readonly table: ItemTable;
}

/** Starts the emulators for a test file, and creates a table before each of its tests. */
export function freshTable(): FreshTable {
  let emulators: Emulators;
  let tableName: string;
  beforeAll(async () => {
    emulators = await startEmulators();
  });
  afterAll(() => emulators.stop());
  beforeEach(async () => {
    tableName = `table-${crypto.randomUUID()}`;
    await emulators.createTable(tableName);
  });
  return {
    get emulators() {
      return emulators;
    },
    get tableName() {
      return tableName;
    },
    get table() {
      return dynamoTable(emulators.table, tableName);
    },
  };
}
