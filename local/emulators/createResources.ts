import { CreateTableCommand, type CreateTableCommandInput } from '@aws-sdk/client-dynamodb';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { CreateQueueCommand, SetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import * as z from 'zod';
import { TABLE } from '../../shared/config.ts';
import { omitUndefined } from '../../shared/omitUndefined.ts';
import type { StackResources } from '../template/resources.ts';
import type { Clients } from './emulators.ts';

type Queue = StackResources['queues'][number];

/** Creates the stack's tables, queues and buckets. Keeps those of an earlier run with their content. */
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
      // DynamoDB refuses an empty list.
      GlobalSecondaryIndexes: indexes.length > 0 ? indexes : undefined,
    });
    await dynamodb.send(command).catch(ignoring('ResourceInUseException'));
  }
  for (const { name } of buckets)
    await s3
      .send(new CreateBucketCommand({ Bucket: name }))
      .catch(ignoring('BucketAlreadyOwnedByYou', 'BucketAlreadyExists'));
  // Creates all queues before it sets attributes, because a redrive policy names another queue.
  for (const { name } of queues) await sqs.send(new CreateQueueCommand({ QueueName: name }));
  // The creation would fail if an attribute had changed since the last run.
  for (const queue of queues)
    await sqs.send(
      new SetQueueAttributesCommand({ QueueUrl: queue.url, Attributes: attributesOf(queue) }),
    );
}

function attributesOf(queue: Queue): Record<string, string> {
  return {
    VisibilityTimeout: String(queue.VisibilityTimeout),
    DelaySeconds: String(queue.DelaySeconds),
    ...omitUndefined({ RedrivePolicy: queue.RedrivePolicy && JSON.stringify(queue.RedrivePolicy) }),
  };
}

/** Rethrows all errors except those with the given names. */
function ignoring(...names: string[]) {
  return (error: unknown): void => {
    if (!(error instanceof Error && names.includes(error.name))) throw error;
  };
}

/**
 * The definition of the handler's table, for tests and benchmarks without a stack. Its indexes have
 * the same projections as in the stack.
 */
export function tableDefinition(name: string): CreateTableCommandInput {
  const { partitionKey, dueIndex, providerIndex, createdIndex } = TABLE;
  const keys = [
    partitionKey,
    dueIndex.partitionKey,
    dueIndex.sortKey,
    providerIndex.partitionKey,
    createdIndex.partitionKey,
    createdIndex.sortKey,
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
      {
        IndexName: createdIndex.name,
        KeySchema: [
          { AttributeName: createdIndex.partitionKey, KeyType: 'HASH' },
          { AttributeName: createdIndex.sortKey, KeyType: 'RANGE' },
        ],
        Projection: { ProjectionType: 'INCLUDE', NonKeyAttributes: [...createdIndex.projected] },
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

/** Reads all messages of a queue without receiving them, through an API of the emulator's own. */
export async function readQueue(
  emulatorUrl: string,
  queueName: string,
): Promise<z.infer<typeof contentsSchema>['messages']> {
  const response = await fetch(`${emulatorUrl}/_fauxqs/queues/${queueName}`, {
    signal: AbortSignal.timeout(10_000),
  });
  if (!response.ok)
    throw new Error(`the queue ${queueName} cannot be read: HTTP ${response.status}`);
  return contentsSchema.parse(await response.json()).messages;
}
