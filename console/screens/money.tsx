import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import type { MoneyView } from '../../shared/console/moneyRoutes.ts';
import { METADATA_PREFIX, type SpendBy } from '../../shared/console/spend.ts';
import { answerOf, api } from '../api.ts';
import { BudgetsCard } from '../components/budgets.tsx';
import { Note } from '../components/note.tsx';
import {
  Choice,
  daysOf,
  PeriodChoice,
  PeriodState,
  useChoices,
} from '../components/periodForm.tsx';
import { ReachNote } from '../components/reachNote.tsx';
import { SavingsCard } from '../components/savings.tsx';
import { batchesText, EstimateFigure, SpendFigure, sumOf } from '../components/spendFigures.tsx';
import { costText } from '../format.ts';
import { KEYS } from '../queries.ts';

/** The server sums up what it holds in memory, so that asking often costs nothing. */
const REFRESH_MS = 15_000;

const KINDS = [
  { value: 'provider', name: 'Provider' },
  { value: 'model', name: 'Model' },
  { value: 'tenant', name: 'Tenant' },
] as const;

/** What batches have cost, by day. */
export default function Money() {
  const [parameters, change] = useChoices();
  const days = daysOf(parameters);
  const by = parameters.get('by') ?? 'provider';
  const { data, error, isPlaceholderData } = useQuery({
    queryKey: [...KEYS.money, 'spend', days, by],
    queryFn: async () => ({ ...(await answerOf(api.money.$get({ query: { days, by } }))), by }),
    placeholderData: keepPreviousData,
    refetchInterval: REFRESH_MS,
  });
  const keys = new Set(data?.metadataKeys.map((key) => METADATA_PREFIX + key));
  if (by.startsWith(METADATA_PREFIX)) keys.add(by);
  return (
    <>
      <h1>Money</h1>
      <div className="row choices">
        <PeriodChoice days={days} change={change} />
        <Choice
          label="Split by"
          value={by}
          choices={[
            ...KINDS,
            ...[...keys].map((value) => ({
              value,
              name: `Metadata: ${value.slice(METADATA_PREFIX.length)}`,
            })),
          ]}
          onChange={(value) => change({ by: value })}
        />
      </div>
      <PeriodState isRead={data !== undefined} error={error} />
      <div className="figures" aria-busy={isPlaceholderData}>
        {data && <Spending view={data} by={byOf(data.by)} days={days} />}
        <BudgetsCard />
      </div>
    </>
  );
}

function byOf(text: string): SpendBy {
  if (text.startsWith(METADATA_PREFIX))
    return { kind: 'metadata', key: text.slice(METADATA_PREFIX.length) };
  return { kind: text === 'model' || text === 'tenant' ? text : 'provider' };
}

interface SpendingProps {
  readonly view: MoneyView;
  readonly by: SpendBy;
  readonly days: string;
}

function Spending({ view: { spend, savings, reach }, by, days }: SpendingProps) {
  const { total, open } = spend;
  if (total.ended === 0)
    return (
      <Note kind="info">
        No batch has ended in the last {days} days
        {open.batches > 0 ? `: ${batchesText(open.batches)} have not ended yet.` : '.'}{' '}
        {reach.batches === 0 && <Link href="/add">Add the first batch</Link>}
      </Note>
    );
  return (
    <>
      <ReachNote reach={reach} />
      <div className="cards">
        <section className="card" aria-labelledby="spent">
          <h2 id="spent">Spent</h2>
          <div className="total">{costText(sumOf(total.costs))}</div>
          <p>
            {batchesText(total.ended)} ended in the last {days} days.{' '}
            {total.unknown > 0 &&
              `The cost of ${batchesText(total.unknown)} is not known, and is not in any figure.`}{' '}
            {open.batches > 0 &&
              `${batchesText(open.batches)} that ${open.batches === 1 ? 'has' : 'have'} not ended cost ${costText(open.cost)} so far, which counts on the day of their end.`}
          </p>
        </section>
        <SavingsCard savings={savings} />
      </div>
      <SpendFigure spend={spend} by={by} />
      <EstimateFigure spend={spend} />
    </>
  );
}
