import type { DeadLetter } from '../shared/operations/deadLetters/index.ts';
import type { DeadLetterSource } from '../shared/operations/deadLetters/queues.ts';
import { oneLine } from './terminal/output.ts';
import { hanging } from './terminal/wrap.ts';
import { countText, durationText } from './text.ts';

const HOLDS: Readonly<Record<DeadLetterSource, string>> = {
  batch: 'refused messages',
  work: 'work that failed: leftovers, since the sweeper sends it again',
  outcome: 'ends of deliveries',
  collector: 'refused single requests',
};

const NO_REASON = 'failed five times: the logs say why';

/** What a dead-letter queue holds, and why: the reasons that were seen, the most frequent first. */
export function deadLetterLines(
  source: DeadLetterSource,
  messages: number,
  examples: readonly DeadLetter[],
  now: number,
  width: number,
): readonly string[] {
  const byReason = Map.groupBy(examples, ({ reason }) => reason ?? NO_REASON);
  const reasons = [...byReason].toSorted(([, a], [, b]) => b.length - a.length);
  const oldest = Math.min(...examples.map(({ sentAt }) => sentAt));
  const age = examples.length > 0 ? `, the oldest seen ${durationText(now - oldest)} old` : '';
  const unseen = messages - examples.length;
  return [
    `${source}: ${countText(messages)}${age} (${HOLDS[source]})`,
    ...reasons.flatMap(([reason, those]) => hanging(`  ${those.length}× `, oneLine(reason), width)),
    ...(unseen > 0 ? [`  … and ${countText(unseen)} that were not looked at`] : []),
  ];
}
