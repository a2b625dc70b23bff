import type { BatchInfo } from '../client/batchInfo.ts';
import { instantText } from './format.ts';
import { gapless } from './timelineGaps.ts';
import { DELIVERED, knownPieces, type Piece, type Tone, timeOf } from './timelinePieces.ts';

type NotedReason = BatchInfo['reasons'][number];

/** A piece of the life of a batch, with what was noted of it. */
export interface Segment extends Piece {
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

/** A time in UTC to the second. @param time milliseconds since 1970 */
export function momentText(time: number): string {
  return instantText(new Date(time).toISOString());
}
