import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { Client } from 'pg';

/** Longer than a statement takes, shorter than a Lambda function lives. */
const STATEMENT_TIMEOUT_MS = 60_000;

const secrets = new SecretsManagerClient();

/**
 * Does all of `work` in one transaction, or none of it.
 *
 * The URL of the database is in a secret, whose name is all that the environment tells.
 */
export async function inTransaction(work: (database: Client) => Promise<void>): Promise<void> {
  const SecretId = process.env.DATABASE_URL_SECRET;
  const { SecretString } = await secrets.send(new GetSecretValueCommand({ SecretId }));
  if (!SecretString) throw new Error(`secret ${SecretId} is empty: put the database's URL in it`);
  const database = new Client({
    connectionString: SecretString,
    connectionTimeoutMillis: 10_000,
    statement_timeout: STATEMENT_TIMEOUT_MS,
  });
  await database.connect();
  try {
    await database.query('begin');
    await work(database);
    await database.query('commit');
  } finally {
    // A transaction that was not committed ends with its connection.
    await database.end();
  }
}
