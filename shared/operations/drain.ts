import { setTimeout as wait } from 'node:timers/promises';
import { GetTemplateCommand, paginateListStackResources } from '@aws-sdk/client-cloudformation';
import type { SQSClient } from '@aws-sdk/client-sqs';
import * as z from 'zod';
import type { AwsAccess } from '../aws/clients/base.ts';
import { cloudFormationClient } from '../aws/clients/operator.ts';
import { realLaneStore } from '../aws/collector.ts';
import { sendBatchMessage } from '../aws/queues.ts';
import type { IndexPage } from '../batch/ports.ts';
import { isEnded, type Status } from '../batch/status.ts';
import { commandProvider } from '../client/commands.ts';
import type { HandlerConnection } from '../client/connection.ts';
import { listBatches } from '../client/listBatches.ts';
import type { ResourceIds } from '../handlerMetadata.ts';
import { isPaused } from '../quota/providerState.ts';
import { deadLetterQueues, depthOf, totalOf } from './deadLetters.ts';

/** How far the drain is. */
export interface DrainProgress extends Outstanding {
  /** Batches that it has asked to end. */
  readonly cancelled: number;
  readonly isOver: boolean;
}

export interface DrainOptions {
  readonly signal?: AbortSignal;
  /** Between two looks. */
  readonly pauseMs?: number;
}

/** SQS counts from many machines: so many looks in a row must find nothing. */
const QUIET_LOOKS = 2;
/** After so many looks a batch is asked again: its message may have been refused. */
const ASK_AGAIN = 30;

/**
 * Brings a handler to rest before it is removed: pauses its providers, cancels what is open, and
 * tells what is outstanding until that is nothing. What exists of a batch is collected first, and
 * its job is cancelled at the provider. It can be broken off and begun again at any time.
 */
export async function* drain(
  connection: HandlerConnection,
  { signal, pauseMs = 2_000 }: DrainOptions = {},
): AsyncGenerator<DrainProgress> {
  const { sqs, handler } = connection;
  await pauseAll(connection, signal);
  const asked = new Map<string, number>();
  const cancelled = new Set<string>();
  let quiet = 0;
  for (let look = 0; quiet < QUIET_LOOKS; look++) {
    if (look > 0) await wait(pauseMs, undefined, { signal });
    const outstanding = await outstandingOf(connection, async ({ batchId, cancelRequested }) => {
      const last = asked.get(batchId);
      if (cancelRequested || (last !== undefined && look - last < ASK_AGAIN)) return;
      await sendBatchMessage(sqs, handler.resources.batchQueue, { action: 'cancel', batchId });
      asked.set(batchId, look);
      cancelled.add(batchId);
    });
    quiet = isNothing(outstanding) ? quiet + 1 : 0;
    yield { ...outstanding, cancelled: cancelled.size, isOver: quiet >= QUIET_LOOKS };
  }
}

async function pauseAll(
  connection: HandlerConnection,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { handler, providerStates } = connection;
  for (const provider of handler.providers) {
    if (isPaused(await providerStates.get(provider))) continue;
    const reason = 'drained before its removal';
    await commandProvider(connection, 'pause', provider, { reason, signal });
  }
}

/** A resource that stays when its stack is destroyed. */
export interface KeptResource {
  /** Such as AWS::S3::Bucket. */
  readonly type: string;
  /** Its name or ARN. */
  readonly id: string;
  /** How it is deleted by hand; it holds what cannot be brought back. */
  readonly command: string;
}

const templateSchema = z.object({
  Resources: z.record(
    z.string(),
    z.object({ Type: z.string(), DeletionPolicy: z.string().optional() }),
  ),
});

const COMMANDS: Readonly<Record<string, (id: string) => string>> = {
  'AWS::DynamoDB::GlobalTable': (id) => `aws dynamodb delete-table --table-name ${id}`,
  'AWS::DynamoDB::Table': (id) => `aws dynamodb delete-table --table-name ${id}`,
  'AWS::S3::Bucket': (id) => `aws s3 rb s3://${id} --force`,
  'AWS::SecretsManager::Secret': (id) => `aws secretsmanager delete-secret --secret-id ${id}`,
  'AWS::Logs::LogGroup': (id) => `aws logs delete-log-group --log-group-name ${id}`,
};

/** What `cdk destroy` leaves, as the template of the stack says. */
export async function keptResources(
  access: AwsAccess,
  stack: string,
): Promise<readonly KeptResource[]> {
  const client = cloudFormationClient(access);
  const { TemplateBody: body = '{}' } = await client.send(
    new GetTemplateCommand({ StackName: stack }),
  );
  const { Resources: resources } = templateSchema.parse(JSON.parse(body));
  const kept: KeptResource[] = [];
  const pages = paginateListStackResources({ client }, { StackName: stack });
  for await (const { StackResourceSummaries: page = [] } of pages)
    for (const { LogicalResourceId: logicalId = '', PhysicalResourceId: id = '' } of page) {
      const { Type: type = '', DeletionPolicy: policy = 'Delete' } = resources[logicalId] ?? {};
      if (id === '' || policy === 'Delete') continue;
      kept.push({ type, id, command: COMMANDS[type]?.(id) ?? `delete ${type} ${id}` });
    }
  return kept;
}

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
  connection: HandlerConnection,
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

async function owingIn({ batches }: HandlerConnection): Promise<number> {
  let owing = 0;
  for (let shard = 0; shard < batches.shards; shard++)
    owing += await countAll(
      (cursor) => batches.listDue(shard, END_OF_TIME, cursor),
      ({ status, batchId }) => isEnded(status) && !batchId.includes('/'),
    );
  return owing;
}

async function gatheringIn({ dynamodb, handler }: HandlerConnection): Promise<number> {
  const { table, collectorQueue } = handler.resources;
  if (collectorQueue === undefined) return 0;
  const lanes = realLaneStore(dynamodb, table);
  return countAll(
    (cursor) => lanes.listDue(END_OF_TIME, cursor),
    () => true,
  );
}

function messagesIn({ sqs, handler }: HandlerConnection): Promise<number> {
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
  readPage: (cursor?: string) => Promise<IndexPage<T>>,
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
