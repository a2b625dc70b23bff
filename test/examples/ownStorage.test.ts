import { PGlite } from '@electric-sql/pglite';
import { PGLiteSocketServer } from '@electric-sql/pglite-socket';
import { Pool } from 'pg';
import { afterAll, beforeAll, describe } from 'vitest';
import { postgresTable, SCHEMA } from '../../examples/own-storage/postgresTable.ts';
import { remoteSubjectOf, runStoreContracts } from '../support/contracts.ts';

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

describe('a table in Postgres, as examples/own-storage has it', () => {
  runStoreContracts(
    remoteSubjectOf(async () => {
      await pool.query('truncate batch_items');
      return { open: () => postgresTable(pool), losing: () => postgresTable(repeating()) };
    }),
  );
});
