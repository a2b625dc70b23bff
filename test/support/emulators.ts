import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateTableCommand,
  type CreateTableCommandInput,
  DynamoDBClient,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { tableDefinition } from '../../local/emulators/createResources.ts';
import * as local from '../../local/emulators/emulators.ts';

/** DynamoDB, SQS and S3 for tests, on free ports, with their data in a directory that goes with them. */
export interface Emulators {
  /** Base URL of DynamoDB. */
  readonly tableUrl: string;
  /** Base URL of SQS and S3. */
  readonly queueUrl: string;
  readonly table: DynamoDBDocumentClient;
  readonly sqs: SQSClient;
  readonly s3: S3Client;
  /** Creates the handler's table with its indexes. */
  createTable(
    name: string,
    change?: (definition: CreateTableCommandInput) => CreateTableCommandInput,
  ): Promise<void>;
  createBucket(name: string): Promise<void>;
  /** Creates a queue and gives its URL. */
  createQueue(name: string): Promise<string>;
  stop(): Promise<void>;
}

/** Settings that any SDK client of a test needs: quick retries come with the SDK. */
export function clientSettings(endpoint: string) {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  return { endpoint, region: 'us-east-1', credentials };
}

export async function startEmulators(): Promise<Emulators> {
  const directory = await mkdtemp(join(tmpdir(), 'emulators-'));
  const { tableUrl, queueUrl, processes } = await local.startEmulators(directory);
  const dynamodb = new DynamoDBClient(clientSettings(tableUrl));
  const sqs = new SQSClient(clientSettings(queueUrl));
  const s3 = new S3Client({ ...clientSettings(queueUrl), forcePathStyle: true });
  return {
    tableUrl,
    queueUrl,
    table: DynamoDBDocumentClient.from(dynamodb),
    sqs,
    s3,
    async createTable(name, change = (definition) => definition) {
      await dynamodb.send(new CreateTableCommand(change(tableDefinition(name))));
      await waitUntilTableExists(
        { client: dynamodb, minDelay: 0.02, maxWaitTime: 30 },
        { TableName: name },
      );
    },
    async createBucket(name) {
      await s3.send(new CreateBucketCommand({ Bucket: name }));
    },
    async createQueue(name) {
      const { QueueUrl: url = '' } = await sqs.send(new CreateQueueCommand({ QueueName: name }));
      // The emulator names a host of its own, which resolves nowhere.
      return queueUrl + new URL(url).pathname;
    },
    async stop() {
      for (const client of [dynamodb, sqs, s3]) client.destroy();
      await Promise.all(processes.map((process) => process.stop()));
      await rm(directory, { recursive: true, force: true });
    },
  };
}
