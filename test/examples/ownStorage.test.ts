import { PGlite } from '@electric-sql/pglite';
import { PGLiteSocketServer } from '@electric-sql/pglite-socket';
import { Pool } from 'pg';
import { afterAll, beforeAll, describe } from 'vitest';
import { postgresTable, SCHEMA } from '../../examples/own-storage/postgresTable.ts';
import { batchStore } from '../../shared/stores/batchStore.ts';
import { laneStore, requestRegister } from '../../shared/stores/collectorStores.ts';
import type { ItemTable } from '../../shared/stores/itemTable.ts';
import { effectRecord, webhookRegister } from '../../shared/stores/onceRecords.ts';
import { providerStateStore, sweepLock } from '../../shared/stores/sweepStores.ts';
import {
  batchStoreContract,
  effectRecordContract,
  itemTableContract,
  laneStoreContract,
  providerStateStoreContract,
  requestRegisterContract,
  sweepLockContract,
  webhookRegisterContract,
} from '../../testing/index.ts';
import { remoteSubjectOf, runCases } from '../support/contracts.ts';

let database: PGlite;
let server: PGLiteSocketServer;
let pool: Pool;

beforeAll(async () => {
  database = await PGlite.create();
  server = new PGLiteSocketServer({ db: database, port: 0, host: '127.0.0.1', maxConnections: 4 });
  await server.start();
  const connectionString = `postgres://postgres@${server.getServerConn()}/postgres`;
  pool = new Pool({ connectionString, max: 2 });
  await pool.query(SCHEMA);
});
afterAll(async () => {
  await pool.end();
  await server.stop();
  await database.close();
});

/** A client that repeats each statement, as if the reply to the first had been lost. */
function repeating(): Pick<Pool, 'query'> {
  const query = async (text: string, values: unknown[]) => {
    await pool.query(text, values);
    return pool.query(text, values);
  };
  return { query: query as Pool['query'] };
}

/** A store on an empty table for each case. */
function inPostgres<T>(make: (table: ItemTable) => T) {
  return remoteSubjectOf<T>(async () => {
    await pool.query('truncate batch_items');
    return {
      open: () => make(postgresTable(pool)),
      losing: () => make(postgresTable(repeating())),
    };
  });
}

describe('a table in Postgres, as examples/own-storage has it', () => {
  runCases(itemTableContract(inPostgres((table) => table)));
  runCases(webhookRegisterContract(inPostgres(webhookRegister)));
  runCases(effectRecordContract(inPostgres((table) => effectRecord(table, 'delivery'))));
  runCases(
    batchStoreContract(
      inPostgres((table) => batchStore(table, { retentionSeconds: 60, maxAgeSeconds: 60 })),
    ),
  );
  runCases(providerStateStoreContract(inPostgres(providerStateStore)));
  runCases(sweepLockContract(inPostgres(sweepLock)));
  runCases(laneStoreContract(inPostgres(laneStore)));
  runCases(
    requestRegisterContract(inPostgres((table) => requestRegister(table, { keepSeconds: 60 }))),
  );
});
