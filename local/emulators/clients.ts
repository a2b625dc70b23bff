import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import { LOCAL_CREDENTIALS, LOCAL_REGION } from '../template/account.ts';

/** SDK clients of the local run itself. */
export interface Clients {
  readonly dynamodb: DynamoDBClient;
  readonly s3: S3Client;
  readonly sqs: SQSClient;
}

/** Clients that reach the emulators and nothing else, whatever the shell's AWS settings are. */
export function createClients(urls: { tableUrl: string; queueUrl: string }): Clients {
  const settings = (endpoint: string) => ({
    endpoint,
    region: LOCAL_REGION,
    credentials: LOCAL_CREDENTIALS,
    // Above SQS's longest poll of 20 s.
    requestHandler: { requestTimeout: 60_000, throwOnRequestTimeout: true },
  });
  return {
    dynamodb: new DynamoDBClient(settings(urls.tableUrl)),
    s3: new S3Client({ ...settings(urls.queueUrl), forcePathStyle: true }),
    sqs: new SQSClient(settings(urls.queueUrl)),
  };
}
