import { json } from 'node:stream/consumers';
import { TABLE } from '../../../shared/config.ts';
import { toItem } from '../../../shared/stores/batchItem.ts';
import { listen, type ServerOptions } from '../listen.ts';
import { optionsOf } from '../process.ts';
import { runningBatch } from '../records.ts';

/** AWS services for functions: the table `busy` holds one batch whose job runs, any other none. */

const BUSY = 'busy';

type Attributes = Readonly<Record<string, { S: string } | { N: string }>>;

const LAYOUT = { partitions: { due: 1, active: 1 }, retentionSeconds: 1, maxAgeSeconds: 1 };
const item = attributesOf(toItem(runningBatch(0), LAYOUT));

/** Answers by operation, the last part of X-Amz-Target. Every other operation is answered by `{}`. */
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

/** DynamoDB's encoding of an item, which here holds only strings and numbers. */
function attributesOf(values: Readonly<Record<string, unknown>>): Attributes {
  const attributes = Object.entries(values).map(([name, value]) => [
    name,
    typeof value === 'number' ? { N: String(value) } : { S: String(value) },
  ]);
  return Object.fromEntries(attributes) as Attributes;
}

await listen(optionsOf<ServerOptions>(), async (request, response) => {
  const operation = String(request.headers['x-amz-target'] ?? '').replace(/^.*\./, '');
  const answer = ANSWERS[operation]?.((await json(request)) as Request) ?? {};
  response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' });
  response.end(JSON.stringify(answer));
});
