import type { ReactNode } from 'react';
import { Link } from 'wouter';
import { OPEN_STATUSES } from '../../shared/batch/status.ts';
import type { TodayInfo } from '../../shared/console/todayRoutes.ts';
import { costText, countText } from '../format.ts';
import { StatusBadge } from './status.tsx';
import { Ago } from './time.tsx';

/** What is open, and what has ended and was spent today. */
export function Totals({ today }: { readonly today: TodayInfo }) {
  const { totals, spentToday, unknownCosts, isComplete, countedTo } = today;
  const isSumKnown = Object.keys(unknownCosts).length === 0;
  const { open, endedToday, failedToday } = totals;
  const counts = OPEN_STATUSES.flatMap((status) => {
    const count = open[status] ?? 0;
    return count > 0 ? [{ status, count }] : [];
  });
  const sum = counts.reduce((total, { count }) => total + count, 0);
  return (
    <section aria-labelledby="totals">
      <h2 id="totals">Batches</h2>
      <dl className="totals">
        <Total name="Open">
          <Link href="/batches?status=open">{countText(sum)}</Link>
        </Total>
        <Total name="Ended today">{countText(endedToday)}</Total>
        <Total name="Failed today">
          {failedToday > 0 ? (
            <Link href="/batches?status=failed">{countText(failedToday)}</Link>
          ) : (
            '0'
          )}
        </Total>
        <Total name="Spent today">
          {!isSumKnown && <span className="dim">at least </span>}
          {costText(spentToday)}
        </Total>
      </dl>
      <ul className="statuses" aria-label="Open batches by status">
        {counts.map(({ status, count }) => (
          <li key={status}>
            <Link href={`/batches?status=${status}`}>
              <StatusBadge status={status} /> {countText(count)}
            </Link>
          </li>
        ))}
      </ul>
      <p className="dim">
        Days begin at midnight UTC.
        {!isComplete && countedTo !== undefined && (
          <>
            {' '}
            Counted are the batches of the time since the oldest that has been read, which was added{' '}
            <Ago at={countedTo} />.
          </>
        )}
      </p>
    </section>
  );
}

function Total({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <div className="card">
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
