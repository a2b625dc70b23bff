import { GetCommand } from '@aws-sdk/lib-dynamodb';
import { dynamodbClient } from '../../shared/aws/clients/dynamodb.ts';
import { eventBridgeClient } from '../../shared/aws/clients/eventBridge.ts';
import { lambdaClient } from '../../shared/aws/clients/lambda.ts';
import { s3Client } from '../../shared/aws/clients/s3.ts';
import { secretsManagerClient } from '../../shared/aws/clients/secretsManager.ts';
import { sqsClient } from '../../shared/aws/clients/sqs.ts';

/** Does next to nothing with the AWS clients of the functions: it reads one item, as each must. */
export async function handler(): Promise<number> {
  const table = dynamodbClient();
  const clients = [s3Client(), sqsClient(), lambdaClient()];
  await table.send(new GetCommand({ TableName: 'table', Key: { id: 'unknown' } }));
  return [...clients, eventBridgeClient(), secretsManagerClient()].length;
}
