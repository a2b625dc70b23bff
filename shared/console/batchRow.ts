import type { BatchInfo } from '../client/batchInfo.ts';
import { failureText, finishedRequests, whyText } from '../client/batchText.ts';
import { omitUndefined } from '../omitUndefined.ts';

/** A batch in a table: as much of it as a line shows, and what it is filtered by. */
export interface BatchRow
  extends Pick<
    BatchInfo,
    | ('batchId' | 'status' | 'statusAt' | 'provider' | 'counts' | 'attempts' | 'metadata')
    | ('model' | 'tenant' | 'partCount' | 'cost' | 'estimatedCost' | 'cancelRequested')
    | ('createdAt' | 'endedAt' | 'deadlineAt')
  > {
  /** Requests that are finished, with those that the provider reports of the present job. */
  readonly finished: number;
  /** Whether it has rows of results, which the processor can be given. */
  readonly hasRows: boolean;
  /** Why it waits or has failed. It may contain a provider's text. Empty if there is nothing to say. */
  readonly why: string;
  /** What failed in it. Empty if nothing did. */
  readonly failed: string;
  /** When its job will have ended, at its pace so far. */
  readonly estimatedEndAt?: string;
  /** Since when it waits for what it waits for. */
  readonly waitingSince?: string;
}

export function batchRow(batch: BatchInfo): BatchRow {
  const { batchId, status, statusAt, provider, counts, attempts, metadata } = batch;
  const { model, tenant, partCount, cost, estimatedCost, cancelRequested } = batch;
  const { createdAt, endedAt, deadlineAt, job, waitingFor } = batch;
  return omitUndefined({
    ...{ batchId, status, statusAt, provider, counts, attempts, metadata },
    ...{ model, tenant, partCount, cost, estimatedCost, cancelRequested },
    ...{ createdAt, endedAt, deadlineAt },
    finished: finishedRequests(batch),
    hasRows: batch.results !== undefined,
    why: whyText(batch),
    failed: failureText(batch),
    estimatedEndAt: job?.estimatedEndAt,
    waitingSince: waitingFor?.since,
  });
}
