import type { ShownRow } from '../../../shared/console/rows/shownRow.ts';

const OUTCOMES: Readonly<Record<ShownRow['outcome'], { text: string; tone: string }>> = {
  succeeded: { text: 'succeeded', tone: 'good' },
  failed: { text: 'failed', tone: 'bad' },
  unfinished: { text: 'unfinished', tone: 'warn' },
  none: { text: 'no row', tone: 'busy' },
};

/** What has become of a request, as a word and a colour. */
export function OutcomeBadge({ outcome }: Pick<ShownRow, 'outcome'>) {
  const { text, tone } = OUTCOMES[outcome];
  return <span className={`status ${tone}`}>{text}</span>;
}
