import { CreateTableCommand } from '@aws-sdk/client-dynamodb';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { CreateQueueCommand, SetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import type { StackResources } from '../template/resources.ts';
import type { Clients } from './clients.ts';

type Queue = StackResources['queues'][number];

/** Creates the stack's tables, queues and buckets. What an earlier run left is kept as it is. */
export async function createResources(
  { dynamodb, s3, sqs }: Clients,
  { tables, queues, buckets }: Pick<StackResources, 'tables' | 'queues' | 'buckets'>,
): Promise<void> {
  for (const table of tables) {
    const indexes = table.GlobalSecondaryIndexes;
    const command = new CreateTableCommand({
      TableName: table.name,
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: table.KeySchema,
      AttributeDefinitions: table.AttributeDefinitions,
      // An empty list is refused.
      ...(indexes.length > 0 ? { GlobalSecondaryIndexes: indexes } : {}),
    });
    await dynamodb.send(command).catch(unless('ResourceInUseException'));
  }
  for (const { name } of buckets)
    await s3
      .send(new CreateBucketCommand({ Bucket: name }))
      .catch(unless('BucketAlreadyOwnedByYou', 'BucketAlreadyExists'));
  // Names first: a queue's redrive policy names another one.
  for (const { name } of queues) await sqs.send(new CreateQueueCommand({ QueueName: name }));
  // Not with the creation, which fails when an attribute has changed since the last run.
  for (const queue of queues)
    await sqs.send(
      new SetQueueAttributesCommand({ QueueUrl: queue.url, Attributes: attributesOf(queue) }),
    );
}

function attributesOf(queue: Queue): Record<string, string> {
  return {
    VisibilityTimeout: String(queue.VisibilityTimeout),
    DelaySeconds: String(queue.DelaySeconds),
    ...(queue.RedrivePolicy ? { RedrivePolicy: JSON.stringify(queue.RedrivePolicy) } : {}),
  };
}

function unless(...names: string[]) {
  return (error: unknown): void => {
    if (!(error instanceof Error && names.includes(error.name))) throw error;
  };
}
