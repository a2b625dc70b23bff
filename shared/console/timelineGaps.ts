import type { BatchInfo } from '../client/batchInfo.ts';
import { COLLECTION, type Piece, partsText, QUEUE, timeOf } from './timelinePieces.ts';

/** The pieces one after the other, with what must have been between them. */
export function gapless(
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
