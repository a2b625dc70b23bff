import { setTimeout as wait } from 'node:timers/promises';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { batchIdOf } from '../shared/aws/batchItem.ts';
import { scanBatches } from '../shared/aws/batchScan.ts';
import { realBatchStore } from '../shared/aws/batchStore.ts';
import type { BatchStore } from '../shared/batch/ports.ts';
import type { Batch, BatchFields, Rows } from '../shared/batch/record.ts';
import { isEnded, OPEN_STATUSES, type Status } from '../shared/batch/status.ts';
import { DEFAULT_POLICY } from '../shared/config.ts';
import { readQueue } from './emulators/createResources.ts';

/** A batch as the local run shows it. */
export interface BatchView {
  readonly batchId: string;
  /** `sent`: its message waits. `refused`: its message is in the dead-letter queue. */
  readonly status: Status | 'sent' | 'refused';
  readonly attempts: number;
  readonly counts: { readonly total: number; readonly succeeded: number; readonly failed: number };
  readonly deliveries: number;
  /** Why it failed, waits or was refused, the latest. */
  readonly reason: string | undefined;
  /** When the status was entered, in milliseconds since 1970. */
  readonly statusAt: number;
  /** Keys of its rows in the bucket. */
  readonly rows: Rows | undefined;
}

export function viewOf(batch: Batch): BatchView {
  const { batchId, status, statusAt, counts, attempt, delivery, rows }: BatchFields = batch;
  return {
    batchId,
    status,
    statusAt,
    attempts: attempt,
    counts: { total: counts.total, succeeded: counts.succeeded, failed: counts.failed },
    deliveries: delivery?.invocations ?? 0,
    reason: reasonText(batch.reasons),
    rows,
  };
}

/** A batch without a record. */
export function unrecorded(batchId: string, refusal: string | undefined): BatchView {
  return {
    batchId,
    status: refusal === undefined ? 'sent' : 'refused',
    statusAt: 0,
    attempts: 0,
    counts: { total: 0, succeeded: 0, failed: 0 },
    deliveries: 0,
    reason: refusal,
    rows: undefined,
  };
}

/** Whether nothing more will happen to it by itself. */
export function isOver({ status }: Pick<BatchView, 'status'>): boolean {
  return status === 'refused' || (status !== 'sent' && isEnded(status));
}

/** The latest of the reasons. */
export function reasonText(reasons: Batch['reasons']): string | undefined {
  const reason = reasons.at(-1);
  if (reason === undefined) return undefined;
  const { line, message } = reason;
  return line === undefined || message.startsWith('line ') ? message : `line ${line}: ${message}`;
}

/** Reads the handler's table. */
export interface BatchReader extends Pick<BatchStore, 'get'> {
  /** Ids of all batches that have not ended. */
  listUnfinished(): Promise<readonly string[]>;
}

export function createBatchReader(dynamodb: DynamoDBClient, name: string): BatchReader {
  const client = DynamoDBDocumentClient.from(dynamodb);
  const { get } = realBatchStore(client, name, DEFAULT_POLICY);
  return {
    get,
    async listUnfinished() {
      const ids: string[] = [];
      for await (const items of scanBatches({ client, name }, { statuses: OPEN_STATUSES }, 1))
        ids.push(...items.map(batchIdOf));
      return ids;
    },
  };
}

/**
 * Why messages were put aside, by the id of the message as it was sent: by the handler, which
 * gives its reason, or by the queue, after too many tries.
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

/** A batch that the run waits for. */
export interface Tracked {
  readonly batchId: string;
  /** Of the message that added it, if this run or an earlier one sent it. */
  readonly messageId: string | undefined;
}

/** Between two looks at the table, in milliseconds. */
const LOOK_MS = 250;

/**
 * Looks at the batches until all are over.
 *
 * @param look reads how they stand
 * @param show is called after every look
 * @throws the signal's reason when it is aborted
 */
export async function watchBatches(
  look: () => Promise<readonly BatchView[]>,
  show: (views: readonly BatchView[]) => void,
  signal: AbortSignal,
): Promise<readonly BatchView[]> {
  while (true) {
    const views = await look();
    show(views);
    if (views.every(isOver)) return views;
    await wait(LOOK_MS, undefined, { signal });
  }
}

/**
 * How the batches stand now.
 *
 * @param refusals why messages were refused, by message id; asked for only if a batch has no record
 */
export async function readViews(
  tracked: readonly Tracked[],
  reader: Pick<BatchReader, 'get'>,
  refusals: () => Promise<ReadonlyMap<string, string>>,
): Promise<readonly BatchView[]> {
  const batches = await Promise.all(tracked.map(({ batchId }) => reader.get(batchId)));
  const refused = batches.includes(undefined) ? await refusals() : new Map<string, string>();
  return tracked.map(({ batchId, messageId }, index) => {
    const batch = batches[index];
    return batch === undefined ? unrecorded(batchId, refused.get(messageId ?? '')) : viewOf(batch);
  });
}
