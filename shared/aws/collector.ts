import { createHash } from 'node:crypto';
import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { type DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { ObjectStore } from '../batch/ports.ts';
import type {
  CollectorQueue,
  LaneStore,
  RequestName,
  RequestRegister,
} from '../collector/contract.ts';
import { dueAtOf, LANE_SCHEMA_VERSION, laneSchema } from '../collector/lane.ts';
import { TABLE } from '../config.ts';
import { timeKey } from './batchItem.ts';
import { attributeText, bodyText, offloadLargeBody } from './queues.ts';
import {
  type Item,
  parseRecord,
  putVersioned,
  queryIndex,
  readItem,
  recordJson,
  type Table,
} from './table.ts';

/** The partition of the `due` index that holds the lanes with an open or sealed window. */
const LANES = 'collector';
const LANE_PREFIX = 'collector#';

/** The lanes of collected requests, in the table of batches: `collector#<lane id>`. */
export function realLaneStore(client: DynamoDBDocumentClient, tableName: string): LaneStore {
  const table: Table = { client, name: tableName };
  const { partitionKey, sortKey } = TABLE.dueIndex;
  return {
    async get(laneId) {
      const item = await readItem(table, LANE_PREFIX + laneId);
      return item && parseRecord(`collector lane ${laneId}`, item, laneSchema, LANE_SCHEMA_VERSION);
    },
    async replace(lane) {
      const dueAt = dueAtOf(lane);
      const item = {
        schemaVersion: LANE_SCHEMA_VERSION,
        version: lane.version,
        record: recordJson(`collector lane ${lane.laneId}`, laneSchema, lane),
        ...(dueAt !== undefined && { [partitionKey]: LANES, [sortKey]: timeKey(dueAt) }),
      };
      const id = LANE_PREFIX + lane.laneId;
      return (await putVersioned(table, id, item, 'absentOrUnchanged')) ? 'written' : 'conflict';
    },
    async listDue(until, cursor) {
      const query = { index: TABLE.dueIndex, partition: LANES, until: timeKey(until), cursor };
      const page = await queryIndex(table, query);
      const laneIds = page.items.map((item) => String(item[TABLE.partitionKey]));
      return { ...page, items: laneIds.map((id) => id.slice(LANE_PREFIX.length)) };
    },
  };
}

export interface CollectorQueueUrls {
  readonly queue: string;
  readonly deadLetters: string;
}

/** The queue of single requests and its dead-letter queue. */
export function realCollectorQueue(
  client: SQSClient,
  urls: CollectorQueueUrls,
  objects: Pick<ObjectStore, 'writer'>,
): CollectorQueue {
  return {
    async sendJoin(message) {
      await client.send(
        new SendMessageCommand({ QueueUrl: urls.queue, MessageBody: bodyText(message) }),
      );
    },
    async sendDeadLetter(body, reason, messageId) {
      await client.send(
        new SendMessageCommand({
          QueueUrl: urls.deadLetters,
          MessageBody: await offloadLargeBody(objects, body, messageId),
          MessageAttributes: {
            reason: { DataType: 'String', StringValue: attributeText(reason) },
            messageId: { DataType: 'String', StringValue: attributeText(messageId) },
          },
        }),
      );
    },
  };
}

/**
 * The message of a request can come back for at least this long after the request was joined: SQS
 * keeps it for 14 days, and for 14 more if it is moved back from a dead-letter queue.
 */
const MIN_KEEP_SECONDS = 30 * 24 * 60 * 60;

/** The key of a request's item: `request#` and the hash of its provider entry and `custom_id`. */
export function requestItemId({ provider, customId }: RequestName): string {
  const hash = createHash('sha256').update(`${provider}\n${customId}`).digest('hex');
  return TABLE.requestPrefix + hash;
}

/** @param keepSeconds how long the batch of a request can be read: at least 30 days */
export function realRequestRegister(
  client: DynamoDBDocumentClient,
  tableName: string,
  { keepSeconds }: { readonly keepSeconds: number },
): RequestRegister {
  return {
    async claim(name, { batchId, position, digest }, now) {
      // The first claim stays as it is. It and every later one return the same attributes.
      const command = new UpdateCommand({
        TableName: tableName,
        Key: { [TABLE.partitionKey]: requestItemId(name) },
        UpdateExpression:
          'SET #batchId = if_not_exists(#batchId, :batchId), #position = if_not_exists(#position, :position), #digest = if_not_exists(#digest, :digest), #expiresAt = if_not_exists(#expiresAt, :expiresAt)',
        ExpressionAttributeNames: {
          '#batchId': 'batchId',
          '#position': 'position',
          '#digest': 'digest',
          '#expiresAt': TABLE.timeToLive,
        },
        ExpressionAttributeValues: {
          ':batchId': batchId,
          ':position': position,
          ':digest': digest,
          ':expiresAt': Math.ceil(now / 1000) + Math.max(keepSeconds, MIN_KEEP_SECONDS),
        },
        ReturnValues: 'ALL_NEW',
      });
      const { Attributes: item = {} } = await client.send(command);
      return {
        batchId: textOf(item, 'batchId'),
        position: textOf(item, 'position'),
        digest: textOf(item, 'digest'),
      };
    },
  };
}

/** The batch that a request is in; undefined before its window is joined and after its item expired. */
export async function readRequestBatch(
  client: DynamoDBDocumentClient,
  tableName: string,
  name: RequestName,
): Promise<string | undefined> {
  const item = await readItem({ client, name: tableName }, requestItemId(name));
  return item && textOf(item, 'batchId');
}

function textOf(item: Item, name: string): string {
  const value = item[name];
  if (typeof value === 'string') return value;
  throw new Error(`the item of a collected request has no ${name}`);
}
