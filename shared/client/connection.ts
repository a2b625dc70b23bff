import type { S3Client } from '@aws-sdk/client-s3';
import type { SQSClient } from '@aws-sdk/client-sqs';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { realBatchStore } from '../aws/batchStore.ts';
import type { AwsAccess } from '../aws/clients/access.ts';
import { cloudFormationClient } from '../aws/clients/cloudFormation.ts';
import { dynamodbClient } from '../aws/clients/dynamodb.ts';
import { s3Client } from '../aws/clients/s3.ts';
import { sqsClient } from '../aws/clients/sqs.ts';
import { realProviderStateStore } from '../aws/providerStateStore.ts';
import type { BatchStore, ProviderStateStore } from '../batch/ports.ts';
import { DEFAULT_POLICY } from '../config.ts';
import { discoverHandler, type Handler } from './discovery.ts';

/** A handler that was found, and what reads and writes its state. */
export interface Connection {
  readonly handler: Handler;
  /** For clients of other services. */
  readonly access: AwsAccess;
  readonly batches: BatchStore;
  readonly providerStates: ProviderStateStore;
  readonly dynamodb: DynamoDBDocumentClient;
  readonly s3: S3Client;
  readonly sqs: SQSClient;
}

/** @throws ClientError if there is no such handler */
export async function connect(
  access: AwsAccess,
  stack: string,
  handlerPath?: string,
): Promise<Connection> {
  const handler = await discoverHandler(cloudFormationClient(access), stack, handlerPath);
  const { table } = handler.resources;
  const dynamodb = dynamodbClient(access);
  return {
    handler,
    access,
    dynamodb,
    // Nothing here writes a record, so how long one is kept does not matter.
    batches: realBatchStore(dynamodb, table, DEFAULT_POLICY),
    providerStates: realProviderStateStore(dynamodb, table),
    s3: s3Client(access),
    sqs: sqsClient(access),
  };
}
