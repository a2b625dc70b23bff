import type { BatchInfo, JobInfo } from '../client/batchInfo.ts';
import { countText, instantText } from './format.ts';

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

type NotedReason = BatchInfo['reasons'][number];

/** A piece of the life of a batch. Times are milliseconds since 1970. */
export interface Segment {
  readonly kind: SegmentKind;
  readonly start: number;
  readonly end: number;
  readonly label: string;
  /** How it ended, or what it waits for. It may contain a provider's text. */
  readonly detail?: string;
  readonly tone: Tone;
  /** Whether it goes on. */
  readonly isOpen: boolean;
  /** What was noted meanwhile. */
  readonly reasons: readonly NotedReason[];
}

/** A moment in the life of a batch, or after it. */
export interface Mark {
  readonly at: number;
  readonly label: string;
  readonly tone: Tone;
}

/** The life of a batch: its segments follow each other without a gap from `start` to `end`. */
export interface Timeline {
  readonly start: number;
  /** When it ended, or now. */
  readonly end: number;
  readonly isOpen: boolean;
  readonly segments: readonly Segment[];
  /** In the order of their times. */
  readonly marks: readonly Mark[];
}

/** @param now milliseconds since 1970 */
export function timelineOf(batch: BatchInfo, now: number): Timeline {
  const start = Date.parse(batch.createdAt);
  const isOpen = batch.endedAt === undefined;
  const end = Math.max(start, timeOf(batch.endedAt) ?? now);
  const pieces = gapless(batch, knownPieces(batch, end), start, end);
  const segments = pieces.map((piece, index) => {
    const next = pieces[index + 1];
    return {
      ...piece,
      isOpen: isOpen && next === undefined,
      reasons: reasonsBetween(batch, index === 0 ? 0 : piece.start, next?.start),
    };
  });
  return { start, end, isOpen, segments: told(segments, batch), marks: marksOf(batch, now, end) };
}

type Piece = Omit<Segment, 'isOpen' | 'reasons'>;

/** What the record tells with its times. Times of several machines may contradict each other. */
function knownPieces(batch: BatchInfo, end: number): readonly Piece[] {
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

const DELIVERED: Partial<Record<BatchInfo['status'], Tone>> = {
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

const QUEUE = { kind: 'queue', label: 'Queue of the provider' } as const;
const COLLECTION = { kind: 'collection', label: 'Collection of the rows' } as const;

function partsText(count: number): string {
  return `${countText(count)} parts`;
}

/** The pieces one after the other, with what must have been between them. */
function gapless(
  batch: BatchInfo,
  known: readonly Piece[],
  start: number,
  end: number,
): readonly Piece[] {
  const pieces: Piece[] = [];
  let at = start;
  const fill = (until: number, after: Piece | undefined): void => {
    for (const piece of gap(batch, { from: at, until, before: pieces.at(-1), after }))
      if (piece.end > piece.start) pieces.push(piece);
    at = until;
  };
  for (const piece of known) {
    const from = Math.min(Math.max(piece.start, at), end);
    const until = Math.min(piece.end, end);
    if (until <= from) continue;
    fill(from, piece);
    pieces.push({ ...piece, start: from, end: until });
    at = until;
  }
  fill(end, undefined);
  return pieces;
}

interface Gap {
  readonly from: number;
  readonly until: number;
  readonly before: Piece | undefined;
  readonly after: Piece | undefined;
}

/** What a batch did in a time of which its record tells only what was before and after. */
function gap(batch: BatchInfo, { from, until, before, after }: Gap): readonly Piece[] {
  const notBefore = Math.min(Math.max(timeOf(batch.notBefore) ?? from, from), until);
  const queued = Math.max(notBefore, Math.min(timeOf(batch.queuedSince) ?? until, until));
  const isQueue = after?.kind === 'queue' || (after?.kind === 'job' && after.tone === 'busy');
  const wait = { kind: 'wait', label: 'Not to begin yet', tone: 'plain' } as const;
  const first = { ...wait, start: from, end: notBefore };
  if (!isQueue || queued === until)
    return [first, { ...guess(batch, before, after), start: notBefore, end: until, tone: 'plain' }];
  return [
    first,
    { ...guess(batch, before, UNTIL_QUEUED), start: notBefore, end: queued, tone: 'plain' },
    { ...QUEUE, start: queued, end: until, tone: 'plain' },
  ];
}

type Guess = Pick<Piece, 'kind' | 'label'>;
const UNTIL_QUEUED: Guess = {
  kind: 'wait',
  label: 'Collection of the rows, and wait before the next attempt',
};

/** Jobs in a record, at most: earlier ones are not in it. */
const MAX_JOBS = 20;

function guess(batch: BatchInfo, before: Guess | undefined, after: Guess | undefined): Guess {
  const { jobs, partCount, inspectedAt, counts, lastDelivery } = batch;
  if (before?.kind === 'delivery')
    return { kind: 'idle', label: 'It had ended, and was run again' };
  if (partCount !== undefined && after?.kind !== 'job')
    return { kind: 'parts', label: `${partsText(partCount)}, and the collection of their rows` };
  if (before?.kind === 'job') return afterJob(after, lastDelivery?.number);
  if (after?.kind === 'job' && jobs.length >= MAX_JOBS)
    return { kind: 'idle', label: 'Earlier jobs, which the record does not tell any more' };
  if (before === undefined && inspectedAt === undefined)
    return counts.total === 0
      ? { kind: 'inspection', label: 'Inspection of the input' }
      : {
          kind: 'queue',
          label: `Inspection, and ${after?.kind === 'job' ? 'queue' : 'all that followed'}`,
        };
  return after?.kind === 'delivery' ? { kind: 'idle', label: 'Not recorded' } : QUEUE;
}

function afterJob(after: Guess | undefined, deliveries = 1): Guess {
  if (after === UNTIL_QUEUED) return UNTIL_QUEUED;
  if (after?.kind === 'job' || after?.kind === 'queue')
    return { kind: 'wait', label: 'Collection of the rows, wait and queue' };
  if (after?.kind === 'delivery' && deliveries > 1)
    return { kind: 'idle', label: 'Collection of the rows, and earlier deliveries' };
  return COLLECTION;
}

/** The reasons that were noted while a segment went on. */
function reasonsBetween(
  { reasons }: BatchInfo,
  start: number,
  before = Number.POSITIVE_INFINITY,
): readonly NotedReason[] {
  return reasons.filter(({ at }) => {
    const time = timeOf(at);
    return time !== undefined && time >= start && time < before;
  });
}

/** The last segment with what the batch waits for. */
function told(segments: readonly Segment[], { waitingFor }: BatchInfo): readonly Segment[] {
  return segments.map((segment) =>
    segment.isOpen && waitingFor && segment.kind !== 'job'
      ? { ...segment, detail: waitingFor.text }
      : segment,
  );
}

function marksOf(batch: BatchInfo, now: number, end: number): readonly Mark[] {
  const { notBefore, cancelRequestedAt, job, deadlineAt, endedAt, status } = batch;
  const mark = (time: string | undefined, label: string, tone: Tone): readonly Mark[] =>
    time === undefined ? [] : [{ at: Date.parse(time), label, tone }];
  // A deadline that a batch did not live to says nothing about it.
  const isMet = endedAt !== undefined && Date.parse(deadlineAt) > end;
  return [
    ...mark(notBefore, 'not before', 'plain'),
    ...mark(cancelRequestedAt, 'cancel asked for', 'warn'),
    ...mark(job?.estimatedEndAt, 'about the end of the job', 'plain'),
    ...(isMet ? [] : mark(deadlineAt, 'deadline', 'warn')),
    ...(endedAt === undefined
      ? [{ at: now, label: 'now', tone: 'busy' as const }]
      : mark(endedAt, status, DELIVERED[status] ?? 'plain')),
  ].toSorted((a, b) => a.at - b.at);
}

function timeOf(time: string | undefined): number | undefined {
  return time === undefined ? undefined : Date.parse(time);
}

/** A time in UTC to the second. @param time milliseconds since 1970 */
export function momentText(time: number): string {
  return instantText(new Date(time).toISOString());
}
