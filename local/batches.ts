import { setTimeout as wait } from 'node:timers/promises';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { dynamoTable } from '../shared/aws/table.ts';
import { type Reason, UnreadableRecordError } from '../shared/batch/errors.ts';
import { type Failures, failuresOf } from '../shared/batch/failures.ts';
import { countsNow } from '../shared/batch/ledger.ts';
import type { BatchStore } from '../shared/batch/ports.ts';
import type { Problems } from '../shared/batch/problems.ts';
import type { Batch, BatchFields, Rows } from '../shared/batch/record.ts';
import { isEnded, OPEN_STATUSES, type Status } from '../shared/batch/status.ts';
import type { BatchInfo, WaitingFor } from '../shared/client/index.ts';
import { DEFAULT_POLICY } from '../shared/settings.ts';
import { batchIdOf, fromItem } from '../shared/stores/batchItem.ts';
import { scanBatches } from '../shared/stores/batchScan.ts';
import { batchStore } from '../shared/stores/batchStore.ts';
import type { Item } from '../shared/stores/itemTable.ts';
import { readQueue } from './emulators/createResources.ts';

/** A batch as a local run shows it. */
export interface BatchView {
  readonly batchId: string;
  /** `sent`: the message is in the queue. `refused`: it is in the dead-letter queue. */
  readonly status: Status | 'sent' | 'refused';
  readonly attempts: number;
  readonly counts: { readonly total: number; readonly succeeded: number; readonly failed: number };
  readonly deliveries: number;
  /** The latest reason why the batch failed, waits or was refused. */
  readonly reason: string | undefined;
  /** Requests that failed for good, by error. */
  readonly failures: Failures | undefined;
  /** What is wrong with a refused input, by kind. */
  readonly problems: Problems | undefined;
  /** What it waits for. Undefined if that is not known. */
  readonly waitingFor?: WaitingFor | undefined;
  /** When the batch reached the status, in milliseconds since 1970. */
  readonly statusAt: number;
  /** The keys of its rows in the bucket. */
  readonly rows: Rows | undefined;
  /** The key of the bad lines of a refused input. */
  readonly inputErrorsKey: string | undefined;
}

/** @param info what more is known of it, such as the numbers of its parts */
export function viewOf(batch: Batch, info?: BatchInfo): BatchView {
  const { batchId, status, statusAt, attempt, delivery, rows }: BatchFields = batch;
  const { inputProblems: problems, inputErrorsKey }: BatchFields = batch;
  const { total, succeeded, failed } = info?.counts ?? countsNow(batch);
  return {
    batchId,
    status,
    statusAt,
    attempts: info?.attempts ?? attempt,
    counts: { total, succeeded, failed },
    deliveries: delivery?.invocations ?? 0,
    reason: latestReason(batch.reasons),
    failures: failuresOf(batch),
    problems,
    waitingFor: info?.waitingFor,
    rows,
    inputErrorsKey,
  };
}

/**
 * A batch without a record.
 *
 * @param refusal why its message was refused. Undefined if it is still in the queue
 */
export function viewWithoutRecord(batchId: string, refusal: string | undefined): BatchView {
  return {
    batchId,
    status: refusal === undefined ? 'sent' : 'refused',
    statusAt: 0,
    attempts: 0,
    counts: { total: 0, succeeded: 0, failed: 0 },
    deliveries: 0,
    reason: refusal,
    failures: undefined,
    problems: undefined,
    rows: undefined,
    inputErrorsKey: undefined,
  };
}

/** Whether the batch has ended, or never became one because its message was refused. */
export function isFinished({ status }: Pick<BatchView, 'status'>): boolean {
  return status === 'refused' || (status !== 'sent' && isEnded(status));
}

/** The latest reason, with the line of the input that it is about. */
export function latestReason(
  reasons: readonly Pick<Reason, 'line' | 'message'>[],
): string | undefined {
  const reason = reasons.at(-1);
  if (reason === undefined) return undefined;
  const { line, message } = reason;
  return line === undefined || message.startsWith('line ') ? message : `line ${line}: ${message}`;
}

/** Reads batches from the handler's table. */
export interface BatchReader extends Pick<BatchStore, 'get'> {
  /** The ids of all batches that have not ended. */
  listUnfinished(): Promise<readonly string[]>;
}

export function createBatchReader(dynamodb: DynamoDBClient, name: string): BatchReader {
  const table = dynamoTable(DynamoDBDocumentClient.from(dynamodb), name);
  const { get } = batchStore(table, DEFAULT_POLICY);
  return {
    get,
    async listUnfinished() {
      const ids: string[] = [];
      for await (const items of scanBatches(table, { statuses: OPEN_STATUSES }))
        ids.push(...items.filter(isReadable).map(batchIdOf));
      return ids;
    },
  };
}

/** A record that cannot be read never ends: a run that waited for it would not, either. */
function isReadable(item: Item): boolean {
  try {
    fromItem(item);
    return true;
  } catch {
    return false;
  }
}

/**
 * Why messages are in the dead-letter queue, by the id of the message as it was sent. The handler
 * gives a reason when it moves a message there. The queue gives none, after too many receives.
 */
export async function readRefusals(
  emulatorUrl: string,
  deadLetterQueue: string,
): Promise<ReadonlyMap<string, string>> {
  const { ready, delayed, inflight } = await readQueue(emulatorUrl, deadLetterQueue);
  const messages = [...ready, ...delayed, ...inflight.map(({ message }) => message)];
  return new Map(
    messages.map(({ messageId, messageAttributes: { reason, messageId: original } }) => [
      original?.StringValue ?? messageId,
      reason?.StringValue ?? 'no function could handle its message; see the logs',
    ]),
  );
}

/** A batch that a run waits for. */
export interface TrackedBatch {
  readonly batchId: string;
  /** The id of the message that added it, if a local run sent that. */
  readonly messageId: string | undefined;
}

const BATCH_POLL_MS = 250;

/**
 * Polls the batches until all have ended.
 *
 * @param show called with what was read each time
 * @throws the signal's reason when it is aborted
 */
export async function watchBatches(
  read: () => Promise<readonly BatchView[]>,
  show: (views: readonly BatchView[]) => void,
  signal: AbortSignal,
): Promise<readonly BatchView[]> {
  while (true) {
    const views = await read();
    show(views);
    if (views.every(isFinished)) return views;
    await wait(BATCH_POLL_MS, undefined, { signal });
  }
}

/**
 * Reads the current state of the batches.
 *
 * @param refusals why messages were refused, by message id. Called only if a batch has no record
 * @param describe tells more than a record does. Default: nothing more is told
 */
export async function readViews(
  tracked: readonly TrackedBatch[],
  reader: Pick<BatchReader, 'get'>,
  refusals: () => Promise<ReadonlyMap<string, string>>,
  describe?: (batch: Batch) => Promise<BatchInfo | undefined>,
): Promise<readonly BatchView[]> {
  const found = await Promise.all(
    tracked.map(({ batchId }) => viewOfRecord(reader, batchId, describe)),
  );
  const refused = found.includes(undefined) ? await refusals() : new Map<string, string>();
  return tracked.map(
    ({ batchId, messageId }, index) =>
      found[index] ?? viewWithoutRecord(batchId, refused.get(messageId ?? '')),
  );
}

async function viewOfRecord(
  reader: Pick<BatchReader, 'get'>,
  batchId: string,
  describe?: (batch: Batch) => Promise<BatchInfo | undefined>,
): Promise<BatchView | undefined> {
  try {
    const batch = await reader.get(batchId);
    return batch && viewOf(batch, await describe?.(batch));
  } catch (error) {
    if (error instanceof UnreadableRecordError) return viewWithoutRecord(batchId, error.message);
    throw error;
  }
}
