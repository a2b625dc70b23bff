import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { type AwsAccess, bounds } from './base.ts';

/** The table's client, with sockets for a sweep that processes 100 batches concurrently. */
export function dynamodbClient(access: AwsAccess = {}): DynamoDBDocumentClient {
  const limits = { requestTimeoutMs: 5_000, idleTimeoutMs: 5_000, maxSockets: 100 };
  return DynamoDBDocumentClient.from(new DynamoDBClient({ ...bounds(limits), ...access }));
}
