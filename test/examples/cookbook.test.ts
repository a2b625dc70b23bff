import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  type AttributeDefinition,
  CreateTableCommand,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import { ScanCommand } from '@aws-sdk/lib-dynamodb';
import { PGlite } from '@electric-sql/pglite';
import { vector } from '@electric-sql/pglite-pgvector';
import { PGLiteSocketServer } from '@electric-sql/pglite-socket';
import type { Context } from 'aws-lambda';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { answerOf, type Delivery, requestOf, startDelivery } from '../support/delivery.ts';
import { type Emulators, startEmulators } from '../support/emulators.ts';

const CONTEXT = {} as Context;
const ROW_ERROR = { code: 'batch_expired', message: 'out of time' };

let delivery: Delivery;
let emulators: Emulators;
let database: PGlite;
let socket: PGLiteSocketServer;
let secrets: Server;

beforeAll(async () => {
  delivery = await startDelivery();
  emulators = await startEmulators();
  database = await PGlite.create({ extensions: { vector } });
  socket = new PGLiteSocketServer({ db: database, port: 0, host: '127.0.0.1' });
  await socket.start();
  const address = socket.getServerConn();
  secrets = await startSecrets({ 'database-url': `postgres://postgres@${address}/postgres` });
  vi.stubEnv('AWS_ENDPOINT_URL_S3', delivery.url);
  vi.stubEnv('AWS_ENDPOINT_URL_DYNAMODB', emulators.tableUrl);
  vi.stubEnv('AWS_ENDPOINT_URL_SECRETS_MANAGER', urlOf(secrets));
  vi.stubEnv('AWS_REGION', 'us-east-1');
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
  vi.stubEnv('ANSWERS_TABLE', 'answers');
  vi.stubEnv('DATABASE_URL_SECRET', 'database-url');
});
afterAll(async () => {
  vi.unstubAllEnvs();
  secrets.close();
  await socket.stop();
  await database.close();
  await emulators.stop();
  await delivery.stop();
});

describe('the cookbook', () => {
  it('writes every request to DynamoDB, the same items when it comes again', async () => {
    await createTable('answers', 'customId');
    const { handler } = await import('../../examples/cookbook/toDynamoDb.ts');
    const event = await delivery.deliver({
      batchId: 'letters',
      input: ['a', 'b'].map((id) => requestOf(id)),
      results: [answerOf('a')],
      errors: [{ id: null, custom_id: 'b', response: null, error: ROW_ERROR }],
    });
    for (const deliveryAttempt of [1, 2]) {
      await handler({ ...event, deliveryAttempt }, CONTEXT);
      const { Items = [] } = await emulators.table.send(new ScanCommand({ TableName: 'answers' }));
      expect(Items.toSorted((one, other) => one.customId.localeCompare(other.customId))).toEqual([
        { customId: 'a', batchId: 'letters', answer: 'answer to a' },
        { customId: 'b', batchId: 'letters', error: ROW_ERROR },
      ]);
    }
  });

  it('appends answers to Postgres once for each delivery', async () => {
    await database.exec(`
      create table deliveries (id text primary key);
      create table answers (custom_id text, batch_id text, answer text);`);
    const { handler } = await import('../../examples/cookbook/toPostgres.ts');
    // More than one statement of rows.
    const ids = Array.from({ length: 501 }, (_, index) => `r${index}`);
    const event = await delivery.deliver({
      batchId: 'many',
      input: ids.map((id) => requestOf(id)),
      results: ids.map((id) => answerOf(id)),
      errors: [],
    });
    for (const deliveryAttempt of [1, 2]) {
      await handler({ ...event, deliveryAttempt }, CONTEXT);
      const { rows } = await database.query('select * from answers');
      expect(rows).toEqual(
        ids.map((id) => ({ custom_id: id, batch_id: 'many', answer: `answer to ${id}` })),
      );
    }
  });

  it('writes nothing to Postgres if its rows cannot all be written', async () => {
    const { handler } = await import('../../examples/cookbook/toPostgres.ts');
    const event = await delivery.deliver({
      batchId: 'cut',
      input: ['x', 'y'].map((id) => requestOf(id)),
      results: [answerOf('x'), { ...answerOf('y'), response: null }],
      errors: [],
    });
    const broken = { ...event, deliveryId: 'delivery-cut' };
    await expect(handler(broken, CONTEXT)).rejects.toThrow('y');
    const { rows } = await database.query("select * from answers where batch_id = 'cut'");
    expect(rows).toEqual([]);
    const noted = await database.query("select * from deliveries where id = 'delivery-cut'");
    expect(noted.rows).toEqual([]);
  });

  it('keeps embeddings in pgvector, the newer in place of the older', async () => {
    await database.exec(`
      create extension vector;
      create table documents (id text primary key, text text, embedding vector(3));`);
    const { handler } = await import('../../examples/cookbook/toVectorStore.ts');
    const deliver = (embedding: readonly number[]) =>
      delivery.deliver({
        batchId: 'embeddings',
        input: [embeddingRequest('doc-1', 'a text')],
        results: [embeddingAnswer('doc-1', embedding)],
        errors: [],
      });
    await handler(await deliver([1, 0, 0]), CONTEXT);
    await handler(await deliver([0, 1, 0]), CONTEXT);
    const { rows } = await database.query(
      "select id, text, embedding <-> '[0,1,0]' as distance from documents",
    );
    expect(rows).toEqual([{ id: 'doc-1', text: 'a text', distance: 0 }]);
  });
});

function embeddingRequest(customId: string, input: string): object {
  const body = { model: 'text-embedding-3-small', input };
  return { custom_id: customId, method: 'POST', url: '/v1/embeddings', body };
}

function embeddingAnswer(customId: string, embedding: readonly number[]): object {
  const body = { data: [{ index: 0, embedding }], usage: { prompt_tokens: 2, total_tokens: 2 } };
  const response = { status_code: 200, request_id: 'r', body };
  return { id: 'row', custom_id: customId, response, error: null };
}

async function createTable(TableName: string, key: string): Promise<void> {
  const attribute: AttributeDefinition = { AttributeName: key, AttributeType: 'S' };
  await emulators.table.send(
    new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [attribute],
      KeySchema: [{ AttributeName: key, KeyType: 'HASH' }],
    }),
  );
  const waiting = { client: emulators.table, minDelay: 0.02, maxWaitTime: 30 };
  await waitUntilTableExists(waiting, { TableName });
}

/** Secrets Manager's GetSecretValue. */
async function startSecrets(values: Readonly<Record<string, string>>): Promise<Server> {
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text) => {
      body += text;
    });
    request.on('end', () => {
      const { SecretId: id } = JSON.parse(body);
      response.end(JSON.stringify({ Name: id, SecretString: values[id] }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

function urlOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
