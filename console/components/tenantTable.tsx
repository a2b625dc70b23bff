import { useState } from 'react';
import { Link } from 'wouter';
import type { TenantRow, TenantsInfo } from '../../shared/console/tenants.ts';
import { answerOf, api } from '../api.ts';
import { costText, countText } from '../format.ts';
import { useHandler } from '../handler.ts';
import { Confirm } from './confirm.tsx';
import { Gauge } from './gauge.tsx';
import { Scroll } from './scroll.tsx';

/** The tenants, with what they have and may spend. */
export function TenantTable({ info }: { readonly info: TenantsInfo }) {
  const { tenants, keys, hasMoreTenants, isComplete } = info;
  const { isReadOnly } = useHandler();
  if (tenants.length === 0)
    return (
      <p className="dim">
        No batch and no key belongs to a tenant. A batch belongs to the tenant that its message
        names, or that its key has.
      </p>
    );
  const activeKeys = (tenant: string): number =>
    keys.filter((key) => key.tenant === tenant && key.state === 'active').length;
  return (
    <>
      <Scroll label="Tenants">
        <table>
          <thead>
            <tr>
              <th>Tenant</th>
              <th className="number">Open batches</th>
              <th className="number">Waiting tokens</th>
              <th className="number">Spent today</th>
              <th className="number">Active keys</th>
              {!isReadOnly && <th>Budget</th>}
            </tr>
          </thead>
          <tbody>
            {tenants.map((row) => (
              <tr key={row.tenant}>
                <th scope="row">
                  <Link href={`/batches?tenant=${encodeURIComponent(row.tenant)}`}>
                    {row.tenant}
                  </Link>
                </th>
                <td className="number">{countText(row.openBatches)}</td>
                <td className="number">
                  {countText(row.waitingTokens)}
                  {row.isAtLeast && ' or more'}
                </td>
                <td className="number">
                  {costText(row.spentToday)}
                  {row.dailyBudget !== undefined && (
                    <>
                      {` of ${costText(row.dailyBudget)}`}
                      <Gauge value={row.spentToday} max={row.dailyBudget} />
                    </>
                  )}
                </td>
                <td className="number">{countText(activeKeys(row.tenant))}</td>
                {!isReadOnly && (
                  <td>
                    <BudgetButton row={row} />
                  </td>
                )}
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
      {hasMoreTenants && (
        <p className="dim">There are more tenants. The first {tenants.length} by name are shown.</p>
      )}
      {!isComplete && (
        <p className="dim">Of very many batches, open ones that are older are not counted.</p>
      )}
    </>
  );
}

/** Sets what all batches of a tenant may cost in a day. */
function BudgetButton({ row: { tenant, dailyBudget, spentToday } }: { readonly row: TenantRow }) {
  const [isOpen, setIsOpen] = useState(false);
  const [text, setText] = useState('');
  const open = (): void => {
    setText(dailyBudget === undefined ? '' : String(dailyBudget));
    setIsOpen(true);
  };
  return (
    <>
      <button
        type="button"
        onClick={open}
        aria-label={`${dailyBudget === undefined ? 'Set' : 'Change'} the daily budget of ${tenant}`}
      >
        {dailyBudget === undefined ? 'Set' : 'Change'}
      </button>
      {isOpen && (
        <Confirm
          title={`Daily budget of ${tenant}`}
          action={text === '' ? 'Remove the limit' : 'Set the budget'}
          pending="Storing it."
          onConfirm={() =>
            answerOf(
              api.tenants[':tenant'].budget.$put({
                param: { tenant },
                json: { dailyBudget: text === '' ? null : Number(text) },
              }),
            )
          }
          onClose={() => setIsOpen(false)}
        >
          <p>
            This is what all batches of {tenant} may cost in a UTC day, at all providers together.
            What does not fit waits for the next day, and so does a batch of a model without a
            price. Jobs that run go on. Today, {costText(spentToday)} was spent.
          </p>
          <label className="wide">
            US dollars a day. Empty: no limit
            <input
              type="number"
              min="0.01"
              step="0.01"
              value={text}
              onChange={({ target }) => setText(target.value)}
            />
          </label>
        </Confirm>
      )}
    </>
  );
}
