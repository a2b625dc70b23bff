import { CreateTableCommand, type CreateTableCommandInput } from '@aws-sdk/client-dynamodb';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { CreateQueueCommand, SetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import * as z from 'zod';
import { TABLE } from '../../shared/config.ts';
import type { StackResources } from '../template/resources.ts';
import type { Clients } from './emulators.ts';

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

/**
 * The handler's table without its stack: as that defines it, with indexes that hold what the
 * stack's hold and no more.
 */
export function tableDefinition(name: string): CreateTableCommandInput {
  const { partitionKey, dueIndex, providerIndex } = TABLE;
  const keys = [
    partitionKey,
    dueIndex.partitionKey,
    dueIndex.sortKey,
    providerIndex.partitionKey,
  ] as const;
  return {
    TableName: name,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: keys.map((key) => ({ AttributeName: key, AttributeType: 'S' })),
    KeySchema: [{ AttributeName: partitionKey, KeyType: 'HASH' }],
    GlobalSecondaryIndexes: [
      {
        IndexName: dueIndex.name,
        KeySchema: [
          { AttributeName: dueIndex.partitionKey, KeyType: 'HASH' },
          { AttributeName: dueIndex.sortKey, KeyType: 'RANGE' },
        ],
        Projection: { ProjectionType: 'INCLUDE', NonKeyAttributes: [...dueIndex.projected] },
      },
      {
        IndexName: providerIndex.name,
        KeySchema: [{ AttributeName: providerIndex.partitionKey, KeyType: 'HASH' }],
        Projection: { ProjectionType: 'INCLUDE', NonKeyAttributes: [...providerIndex.projected] },
      },
    ],
  };
}

const messageSchema = z.object({
  messageId: z.string(),
  body: z.string(),
  messageAttributes: z.record(z.string(), z.object({ StringValue: z.string().optional() })),
});

const contentsSchema = z.object({
  messages: z.object({
    ready: z.array(messageSchema),
    delayed: z.array(messageSchema),
    inflight: z.array(z.object({ message: messageSchema, receiptHandle: z.string() })),
  }),
});

/** Everything in a queue, without receiving it: the emulator's own window into its queues. */
export async function readQueue(
  emulatorUrl: string,
  queueName: string,
): Promise<z.infer<typeof contentsSchema>['messages']> {
  const response = await fetch(`${emulatorUrl}/_fauxqs/queues/${queueName}`, {
    signal: AbortSignal.timeout(10_000),
  });
  if (!response.ok) throw new Error(`the queue ${queueName} cannot be read: ${response.status}`);
  return contentsSchema.parse(await response.json()).messages;
}
