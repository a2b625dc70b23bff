import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { Pool } from 'pg';

/**
 * Connections of one function. There are as many functions as batches that are worked on, plus a few, so
 * that each has two at most.
 */
export function createPool(): Pool {
  const { DATABASE_HOST: host, DATABASE_PORT: port = '5432', DATABASE_SECRET } = process.env;
  const pool = new Pool({
    host,
    port: Number(port),
    user: process.env.DATABASE_USER ?? 'batches',
    database: process.env.DATABASE_NAME ?? 'batches',
    // A database on your own machine may need none.
    password: DATABASE_SECRET === undefined ? undefined : () => readPassword(DATABASE_SECRET),
    max: 2,
    keepAlive: true,
    connectionTimeoutMillis: 5_000,
    // The outcome function has a minute, and a statement here takes milliseconds.
    statement_timeout: 10_000,
    query_timeout: 15_000,
    // A function that was frozen for longer than that connects again.
    idleTimeoutMillis: 5_000,
  });
  // A connection that breaks while it is idle is replaced. Without a listener, it would end the process.
  pool.on('error', () => {});
  return pool;
}

async function readPassword(SecretId: string): Promise<string> {
  const { SecretString } = await new SecretsManagerClient().send(
    new GetSecretValueCommand({ SecretId }),
  );
  if (!SecretString)
    throw new Error(`secret ${SecretId} is empty: put the database's password in it`);
  return SecretString;
}
