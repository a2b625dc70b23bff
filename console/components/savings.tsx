import type { NotCompared, Savings } from '../../shared/console/savings.ts';
import { costText } from '../format.ts';
import { batchesText } from './spendFigures.tsx';

const WHY: Readonly<Record<NotCompared, string>> = {
  unknown_cost: 'the cost is not known',
  no_entry: 'the deployment no longer has the provider entry',
  no_price: 'the model has no price at the entry',
  no_discount:
    'nobody states what batches get off the prices of the entry: set its batchDiscount if you know it',
  other_prices:
    'the prices of today do not give the cost: they have changed since, or it ran at several entries',
};

/** What the batches of a period have cost beside what live calls would have. */
export function SavingsCard({ savings }: { readonly savings: Savings }) {
  const { batches, paid, live, leftOut } = savings;
  return (
    <section className="card" aria-labelledby="savings">
      <h2 id="savings">Saved against live prices</h2>
      {batches === 0 ? (
        <p>It is not known what the batches of this period have saved.</p>
      ) : (
        <>
          <div className="total">{costText(Math.max(0, live - paid))}</div>
          <p>
            {batchesText(batches)} cost {costText(paid)}. The same tokens would have cost{' '}
            {costText(live)} at the ordinary prices of the entries, without the discount for
            batches.
          </p>
        </>
      )}
      {leftOut.length > 0 && (
        <>
          <p className="dim">Nothing is said of</p>
          <ul className="dim">
            {leftOut.map(({ why, batches: count, paid: cost, providers }) => (
              <li key={why}>
                {batchesText(count)}
                {cost > 0 && ` of ${costText(cost)}`} at {providers.join(', ')}: {WHY[why]}.
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}
