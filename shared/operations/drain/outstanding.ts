import type { SQSClient } from '@aws-sdk/client-sqs';
import { realLaneStore } from '../../aws/collectorLanes.ts';
import type { Page } from '../../batch/ports.ts';
import { isEnded, type Status } from '../../batch/status.ts';
import type { Connection } from '../../client/connection.ts';
import { listBatches } from '../../client/listBatches.ts';
import type { ResourceIds } from '../../handlerMetadata.ts';
import { depthOf, totalOf } from '../deadLetters/index.ts';
import { deadLetterQueues } from '../deadLetters/queues.ts';

/** What a handler has still to do. */
export interface Outstanding {
  /** Batches that have not ended. */
  readonly open: number;
  /** Of those, asked to end. */
  readonly cancelling: number;
  readonly byStatus: Readonly<Partial<Record<Status, number>>>;
  /** Ended, and owe their event or the deletion of their files at the provider. */
  readonly owing: number;
  /** Gatherings of single requests that will be batches. */
  readonly gathering: number;
  /** In the queues, about. */
  readonly messages: number;
  /** Records that cannot be read, such as those of a newer version. */
  readonly unreadable: number;
  /** Some of the open ones. */
  readonly examples: readonly string[];
}

/** The last that a time of the index can be. */
const END_OF_TIME = 999_999_999_999_999;
const MOST_EXAMPLES = 5;

/** @param onOpen is told of every batch that is open */
export async function outstandingOf(
  connection: Connection,
  onOpen: (batch: { readonly batchId: string; readonly cancelRequested: boolean }) => Promise<void>,
): Promise<Outstanding> {
  const byStatus: Partial<Record<Status, number>> = {};
  const examples: string[] = [];
  let open = 0;
  let cancelling = 0;
  let unreadable = 0;
  const onUnreadable = (): void => {
    unreadable += 1;
  };
  for await (const batch of listBatches(connection, { status: 'open', onUnreadable })) {
    open += 1;
    if (batch.cancelRequested) cancelling += 1;
    byStatus[batch.status] = (byStatus[batch.status] ?? 0) + 1;
    if (examples.length < MOST_EXAMPLES) examples.push(batch.batchId);
    await onOpen(batch);
  }
  const owing = await owingIn(connection);
  const gathering = await gatheringIn(connection);
  const messages = await messagesIn(connection);
  return { open, cancelling, byStatus, owing, gathering, messages, unreadable, examples };
}

export function isNothing({ open, owing, gathering, messages, unreadable }: Outstanding): boolean {
  return open + owing + gathering + messages + unreadable === 0;
}

async function owingIn({ batches }: Connection): Promise<number> {
  let owing = 0;
  for (let shard = 0; shard < batches.shards; shard++)
    owing += await countAll(
      (cursor) => batches.listDue(shard, END_OF_TIME, cursor),
      ({ status, batchId }) => isEnded(status) && !batchId.includes('/'),
    );
  return owing;
}

async function gatheringIn({ dynamodb, handler }: Connection): Promise<number> {
  const { table, collectorQueue } = handler.resources;
  if (collectorQueue === undefined) return 0;
  const lanes = realLaneStore(dynamodb, table);
  return countAll(
    (cursor) => lanes.listDue(END_OF_TIME, cursor),
    () => true,
  );
}

function messagesIn({ sqs, handler }: Connection): Promise<number> {
  const urls = deadLetterQueues(handler.resources).map(({ queueUrl }) => queueUrl);
  return sumOfDepths(sqs, urls);
}

/** Messages that were put aside, about. */
export function deadLettersIn(sqs: SQSClient, resources: ResourceIds): Promise<number> {
  const urls = deadLetterQueues(resources).map(({ deadLetterUrl }) => deadLetterUrl);
  return sumOfDepths(sqs, urls);
}

async function sumOfDepths(sqs: SQSClient, urls: readonly string[]): Promise<number> {
  const depths = await Promise.all(urls.map((url) => depthOf(sqs, url)));
  return depths.reduce((sum, depth) => sum + totalOf(depth), 0);
}

async function countAll<T>(
  readPage: (cursor?: string) => Promise<Page<T>>,
  counts: (item: T) => boolean,
): Promise<number> {
  let count = 0;
  let cursor: string | undefined;
  do {
    const page = await readPage(cursor);
    count += page.items.filter(counts).length;
    cursor = page.cursor;
  } while (cursor !== undefined);
  return count;
}
