import type { BatchInfo, JobInfo } from '../client/batchInfo.ts';
import { countText } from './format.ts';

/** What a batch does or waits for. `idle`: what the record does not tell apart any more. */
export type SegmentKind =
  | 'inspection'
  | 'wait'
  | 'queue'
  | 'job'
  | 'parts'
  | 'collection'
  | 'delivery'
  | 'idle';

/** Whether it went well; `busy` if it goes on, and `plain` if it is neither good nor bad. */
export type Tone = 'good' | 'bad' | 'warn' | 'busy' | 'plain';

/** A piece of the life of a batch. Times are milliseconds since 1970. */
export interface Piece {
  readonly kind: SegmentKind;
  readonly start: number;
  readonly end: number;
  readonly label: string;
  /** How it ended, or what it waits for. It may contain a provider's text. */
  readonly detail?: string;
  readonly tone: Tone;
}

/** What the record tells with its times. Times of several machines may contradict each other. */
export function knownPieces(batch: BatchInfo, end: number): readonly Piece[] {
  const { createdAt, inspectedAt, jobs, status } = batch;
  const start = Date.parse(createdAt);
  const inspected = timeOf(inspectedAt) ?? (status === 'inspecting' ? end : undefined);
  return [
    ...(inspected === undefined ? [] : [inspection(start, inspected)]),
    ...jobs.map(pastJob),
    ...presentJob(batch, end),
    ...delivery(batch, end),
    ...presentStatus(batch, end),
  ].toSorted((a, b) => a.start - b.start || a.end - b.end);
}

function inspection(start: number, end: number): Piece {
  return { kind: 'inspection', start, end, label: 'Inspection of the input', tone: 'plain' };
}

function pastJob({
  attempt,
  submittedAt,
  endedAt,
  end,
  code,
  requests,
  succeeded,
}: JobInfo): Piece {
  return {
    kind: 'job',
    start: Date.parse(submittedAt),
    end: Date.parse(endedAt),
    label: `Job of attempt ${attempt}: ${end}${code === undefined ? '' : ` (${code})`}`,
    detail: `${countText(succeeded)} of ${countText(requests)} requests succeeded`,
    tone:
      end !== 'completed'
        ? end === 'failed'
          ? 'bad'
          : 'warn'
        : succeeded < requests
          ? 'warn'
          : 'good',
  };
}

function presentJob({ status, statusAt, job, attempts }: BatchInfo, end: number): readonly Piece[] {
  if (!job) return [];
  const isRunning = status === 'running';
  const state = isRunning ? 'running' : 'ended';
  return [
    {
      ...{ kind: 'job', start: Date.parse(job.submittedAt) },
      end: isRunning ? end : Date.parse(statusAt),
      label: `Job of attempt ${attempts}: ${state}`,
      ...(job.finished !== undefined && { detail: `${countText(job.finished)} requests finished` }),
      tone: isRunning ? 'busy' : 'plain',
    },
  ];
}

/** How a delivery has ended, by the status of its batch. */
export const DELIVERED: Partial<Record<BatchInfo['status'], Tone>> = {
  ...{ completed: 'good', failed: 'bad', cancelled: 'warn', delivering: 'busy' },
};

function delivery({ status, statusAt, lastDelivery }: BatchInfo, end: number): readonly Piece[] {
  const isPresent = status === 'delivering';
  const from = timeOf(lastDelivery?.startedAt) ?? (isPresent ? Date.parse(statusAt) : undefined);
  if (from === undefined) return [];
  const { number = 1, endedAt } = lastDelivery ?? {};
  const until = isPresent ? end : (timeOf(endedAt) ?? end);
  const label = `Delivery${number > 1 ? ` ${number}` : ''} to the processor`;
  return [{ kind: 'delivery', start: from, end: until, label, tone: DELIVERED[status] ?? 'plain' }];
}

/** The status that an open batch is in, if nothing else tells of it. */
function presentStatus(batch: BatchInfo, end: number): readonly Piece[] {
  const { status, partCount = 0, notBefore, waitingFor } = batch;
  const start = Date.parse(batch.statusAt);
  if (status === 'queued') return [{ ...QUEUE, start, end, tone: 'busy' }];
  if (status === 'submitting')
    return [{ kind: 'queue', start, end, label: 'Submission of the job', tone: 'busy' }];
  if (status === 'collecting') return [{ ...COLLECTION, start, end, tone: 'busy' }];
  if (status === 'split') {
    const begun = Math.max(start, timeOf(notBefore) ?? start);
    return [{ kind: 'parts', start: begun, end, label: partsText(partCount), tone: 'busy' }];
  }
  if (status !== 'retrying') return [];
  const label =
    waitingFor?.kind === 'not_before' ? 'Not to begin yet' : 'Wait before the next attempt';
  return [{ kind: 'wait', start, end, label, tone: 'busy' }];
}

export const QUEUE = { kind: 'queue', label: 'Queue of the provider' } as const;
export const COLLECTION = { kind: 'collection', label: 'Collection of the rows' } as const;

export function partsText(count: number): string {
  return `${countText(count)} parts`;
}

/** Milliseconds since 1970. */
export function timeOf(time: string | undefined): number | undefined {
  return time === undefined ? undefined : Date.parse(time);
}
