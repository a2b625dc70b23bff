import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';
import { toItem } from '../../shared/aws/batchItem.ts';
import { TABLE } from '../../shared/config.ts';
import { runningBatch } from '../inputs/records.ts';
import { listenAsProcess } from './listen.ts';

/** The AWS services of functions whose table is empty, or holds one batch whose job runs. */

/** Of the table that holds it. */
const BUSY = 'busy';

type Attributes = Readonly<Record<string, { S: string } | { N: string }>>;

const LAYOUT = { shards: 1, retentionSeconds: 1 };
const item = attributesOf(toItem(runningBatch(0), 'token', LAYOUT));

/** The answer to each operation that has something to say, by the end of its X-Amz-Target. */
const ANSWERS: Readonly<Record<string, (request: Request) => object>> = {
  Query: (request) => ({ Items: matches(request) ? [item] : [] }),
  GetItem: (request) => (isItem(request) ? { Item: item } : {}),
  UpdateItem: () => ({ Attributes: {} }),
  SendMessage: () => ({ MessageId: 'message' }),
  PutEvents: () => ({ FailedEntryCount: 0, Entries: [{ EventId: 'event' }] }),
  GetSecretValue: () => ({ SecretString: 'sk-bench' }),
};

interface Request {
  readonly TableName?: string;
  readonly IndexName?: string;
  readonly ExpressionAttributeValues?: Attributes;
  readonly Key?: Attributes;
}

const server = createServer(async (request, response) => {
  const operation = String(request.headers['x-amz-target'] ?? '').replace(/^.*\./, '');
  const answer = ANSWERS[operation]?.((await json(request)) as Request) ?? {};
  response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' });
  response.end(JSON.stringify(answer));
});

function matches(request: Request): boolean {
  const { TableName: table, IndexName: index, ExpressionAttributeValues: values } = request;
  const { name, partitionKey } = TABLE.dueIndex;
  return table === BUSY && index === name && isSame(values?.[':partition'], item[partitionKey]);
}

function isItem({ TableName: table, Key: key }: Request): boolean {
  return table === BUSY && isSame(key?.[TABLE.partitionKey], item[TABLE.partitionKey]);
}

function isSame(one: object | undefined, other: object | undefined): boolean {
  return one !== undefined && JSON.stringify(one) === JSON.stringify(other);
}

/** A record's item holds texts and numbers only. */
function attributesOf(values: Readonly<Record<string, unknown>>): Attributes {
  const attributes = Object.entries(values).map(([name, value]) => [
    name,
    typeof value === 'number' ? { N: String(value) } : { S: String(value) },
  ]);
  return Object.fromEntries(attributes) as Attributes;
}

await listenAsProcess(server);
