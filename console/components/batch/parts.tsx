import type { CSSProperties } from 'react';
import { Link } from 'wouter';
import { STATUSES, type Status } from '../../../shared/batch/status.ts';
import type { PartRow } from '../../../shared/console/batchDetails.ts';
import { countText } from '../../format.ts';

/** So many parts have a line each; more have a cell. */
const FEW = 12;

const TONES: Partial<Record<Status, string>> = {
  ...{ completed: 'good', failed: 'bad', cancelled: 'warn', retrying: 'warn', queued: 'idle' },
};

interface PartsProps {
  readonly parts: readonly PartRow[];
  /** Number of parts that there will be: not all may have a record yet. */
  readonly count: number;
}

/** The parts of a batch that was split: each a strip that is filled as far as the part is. */
export function Parts({ parts, count }: PartsProps) {
  const isFew = parts.length <= FEW;
  return (
    <section className="card" aria-labelledby="parts">
      <h2 id="parts">Parts</h2>
      <p>{summary(parts, count)}</p>
      <ol className={`strips ${isFew ? 'few' : ''}`}>
        {parts.map((part) => (
          <li key={part.batchId}>
            <Strip part={part} isFew={isFew} />
          </li>
        ))}
      </ol>
    </section>
  );
}

function summary(parts: readonly PartRow[], count: number): string {
  const byStatus = STATUSES.flatMap((status) => {
    const number = parts.filter((part) => part.status === status).length;
    return number === 0 ? [] : [`${countText(number)} ${status}`];
  });
  const missing = count - parts.length;
  if (missing > 0) byStatus.push(`${countText(missing)} not begun`);
  const total = parts.reduce((sum, part) => sum + part.counts.total, 0);
  const finished = parts.reduce((sum, part) => sum + part.finished, 0);
  const failed = parts.reduce((sum, part) => sum + part.counts.failed, 0);
  return `${countText(count)} parts: ${byStatus.join(', ')}. ${countText(finished)} of their ${countText(total)} requests are finished, ${countText(failed)} have failed.`;
}

function Strip({ part, isFew }: { readonly part: PartRow; readonly isFew: boolean }) {
  const { batchId, status, counts, finished, why, failed } = part;
  const number = batchId.slice(batchId.lastIndexOf('/') + 1);
  const share = counts.total === 0 ? 0 : Math.floor((100 * finished) / counts.total);
  const told = why || failed;
  const text = `${status}, ${countText(finished)} of ${countText(counts.total)} requests${told === '' ? '' : `: ${told}`}`;
  const fill: CSSProperties = { width: `${share}%` };
  return (
    <Link
      href={`/batches/${encodeURIComponent(batchId)}`}
      className={TONES[status] ?? 'busy'}
      title={text}
    >
      <span className="fill" style={fill} aria-hidden="true" />
      <span className="label">
        <span className={isFew ? '' : 'unseen'}>Part </span>
        {number}
      </span>
      <span className={isFew ? 'label told' : 'unseen'}>{text}</span>
      <span className="label">{share} %</span>
    </Link>
  );
}
