import { useQuery } from '@tanstack/react-query';
import type { DayBudget } from '../../shared/console/budgets.ts';
import { answerOf, api } from '../api.ts';
import { agoText, costText, countText, instantText } from '../format.ts';
import { useNow } from '../now.ts';
import { KEYS } from '../queries.ts';
import { Note } from './note.tsx';
import { Scroll } from './scroll.tsx';

/** What is spent today changes when rows are collected, which the stream does not tell. */
const REFRESH_MS = 60_000;

/** What was spent today beside the daily budgets. */
export function BudgetsCard() {
  const now = useNow();
  const { data, error } = useQuery({
    queryKey: [...KEYS.money, 'budgets'],
    queryFn: () => answerOf(api.money.budgets.$get()),
    refetchInterval: REFRESH_MS,
  });
  return (
    <section className="card" aria-labelledby="budgets">
      <h2 id="budgets">Spent today, and daily budgets</h2>
      {error && <Note kind="problem">{error.message}</Note>}
      {!data && !error && <p className="dim">Reading what was spent today…</p>}
      {data && (
        <>
          <p className="dim">
            Today ends {agoText(data.renewsAt, now)}, at {instantText(data.renewsAt)}: then every
            budget begins anew. A batch that needs more than what is left of one waits.
          </p>
          <BudgetTable of="Provider" rows={data.providers} />
          {data.tenants.length > 0 && <BudgetTable of="Tenant" rows={data.tenants} />}
          {data.hasMoreTenants && (
            <p className="dim">There are more tenants than these, whose states were not read.</p>
          )}
        </>
      )}
    </section>
  );
}

interface BudgetTableProps {
  readonly of: 'Provider' | 'Tenant';
  readonly rows: readonly DayBudget[];
}

function BudgetTable({ of, rows }: BudgetTableProps) {
  const title = `Spent today, by ${of.toLowerCase()}`;
  return (
    <Scroll label={title}>
      <table aria-label={title}>
        <thead>
          <tr>
            <th scope="col">{of}</th>
            <th scope="col" className="number">
              Spent today
            </th>
            <th scope="col" className="number">
              Daily budget
            </th>
            <th scope="col">Used</th>
            <th scope="col" className="number">
              Batches that wait for it
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ name, spent, budget, waiting }) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td className="number">{costText(spent)}</td>
              <td className="number">{budget === undefined ? 'no limit' : costText(budget)}</td>
              <td>{budget === undefined ? '–' : <Used spent={spent} budget={budget} />}</td>
              <td className="number">{countText(waiting)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

function Used({ spent, budget }: { readonly spent: number; readonly budget: number }) {
  // A budget may be 0: then nothing starts.
  const percent = budget > 0 ? Math.floor((100 * spent) / budget) : 100;
  return (
    <span className="progress">
      <progress value={Math.min(percent, 100)} max={100} aria-label={`${percent} % used`} />
      <span aria-hidden="true">{percent} %</span>
    </span>
  );
}
