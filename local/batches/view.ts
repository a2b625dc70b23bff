import type { Batch } from '../../shared/batch/batch.ts';
import { isEnded, type Status } from '../../shared/batch/status.ts';

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
  readonly rows: Batch['rows'];
}

export function viewOf(batch: Batch): BatchView {
  const { batchId, status, statusAt, counts, attempt, delivery, rows } = batch;
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
