import type { DeadLetter, DeadLetters, MoveProgress, QueueName } from '../batch/clientPorts.ts';
import { countText } from '../client/batchText.ts';

/** What the dead letters of a queue are. */
export const CONTENTS: Readonly<Record<QueueName, string>> = {
  batch: 'refused messages',
  work: 'failed work, which the sweeper sends again by itself',
  outcome: 'outcomes of deliveries',
  collector: 'refused single requests',
  processor: 'failed deliveries',
};

/** What moving the dead letters of a queue back does, and what it may cost. */
export const MOVE_EFFECTS: Readonly<Record<QueueName, string>> = {
  batch:
    'The handler takes each message as if it was just sent: it carries out what is possible now, and a batch that is added costs what its requests cost. A message that is still wrong comes back with its new reason.',
  work: 'Each step is done once, so this is safe. The sweeper has sent these steps again by itself, and what is left here may have nothing more to do.',
  outcome:
    'The ends of deliveries are recorded. A success counts whenever it arrives: if the delivery is not due again yet, the processor is not called twice.',
  collector:
    'Each request is collected again, and costs what it costs. One that is still wrong comes back with its new reason.',
  processor:
    'The processor is called again for each of these deliveries, unless their batches have been delivered since. This costs no tokens.',
};

const NO_REASON = 'failed five times; see the logs of the function';

/** Dead letters that have the same reason. */
export interface ReasonGroup {
  /** It may contain a provider's text. */
  readonly reason: string;
  readonly letters: readonly DeadLetter[];
}

/** The reasons that were seen, the most frequent first. */
export function reasonGroups({ samples }: Pick<DeadLetters, 'samples'>): readonly ReasonGroup[] {
  const byReason = Map.groupBy(samples, ({ reason }) => reason ?? NO_REASON);
  return [...byReason]
    .map(([reason, letters]) => ({ reason, letters }))
    .toSorted((a, b) => b.letters.length - a.letters.length);
}

/** When the oldest that was seen was sent, in milliseconds since 1970; undefined if none was seen. */
export function oldestSentAt({ samples }: Pick<DeadLetters, 'samples'>): number | undefined {
  return samples.length === 0 ? undefined : Math.min(...samples.map(({ sentAt }) => sentAt));
}

/** How far a move is, such as `3 of about 10 moved`. */
export function moveText({ moved, toMove }: MoveProgress): string {
  const of = toMove === null ? '' : ` of about ${countText(toMove)}`;
  return `${countText(moved)}${of} moved`;
}

/** How a move has ended. */
export function moveEndText(end: MoveProgress | undefined): string {
  if (!end) return 'the queue does not report the move';
  const moved = `${countText(end.moved)} moved back`;
  if (end.status === 'completed') return moved;
  return `${end.status} (${end.failure ?? 'without a reason'}), ${moved}`;
}
