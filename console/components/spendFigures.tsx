import type { Group } from '../../shared/console/groups.ts';
import type { Spend, SpendBy, Spent } from '../../shared/console/spend.ts';
import { costText, countText } from '../format.ts';
import type { ChartSeries } from './charts.tsx';
import { Figure, type FigureColumn } from './figure.tsx';
import { Bars } from './lazyCharts.tsx';

interface SpendFigureProps {
  readonly spend: Spend;
  readonly by: SpendBy;
}

/** What was spent on each day, and by or for whom. */
export function SpendFigure({ spend: { groups, days, total }, by }: SpendFigureProps) {
  const series = groups.map((group, index): ChartSeries => {
    const name = groupText(group, by);
    return { id: `${group.kind} ${group.name}`, name, color: colorOf(group, index) };
  });
  const columns: FigureColumn[] = [
    { id: 'day', name: 'Day' },
    ...series.map(({ id, name }) => ({ id, name, textOf: costText })),
    { id: 'total', name: 'Total', textOf: costText },
    { id: 'ended', name: 'Batches ended', textOf: countText },
    { id: 'unknown', name: 'Of unknown cost', textOf: countText },
  ];
  const row = (id: string, { costs, ended, unknown }: Spent) => ({
    ...{ id, cells: [id, ...costs, sumOf(costs), ended, unknown] },
  });
  return (
    <Figure
      title={`US dollars a day, by ${byText(by)}`}
      about="The whole cost of a batch counts on the UTC day on which it ended: the record does not say what each of its jobs has cost. What its provider bills may come earlier."
      fileName={fileName(`spend-by-${byText(by)}`, days)}
      table={{
        columns,
        rows: days.map((day) => row(day.day, day)),
        total: row('All days', total),
      }}
      series={series}
    >
      <Bars
        {...{ series, isStacked: true, textOf: costText }}
        rows={days.map(({ day, costs, unknown }) => ({
          ...{ label: day.slice(5), values: costs },
          note: [`${costText(sumOf(costs))} in all`, ...unknownNote(unknown)].join('; '),
        }))}
      />
    </Figure>
  );
}

function unknownNote(unknown: number): readonly string[] {
  return unknown > 0 ? [`the cost of ${countText(unknown)} is not known`] : [];
}

const ESTIMATED: ChartSeries = { id: 'estimated', name: 'Estimated', color: 'var(--chart-6)' };
const ACTUAL: ChartSeries = { id: 'actual', name: 'Actual', color: 'var(--chart-2)' };

/** What batches were estimated to cost beside what they have cost. */
export function EstimateFigure({ spend: { days, total } }: Pick<SpendFigureProps, 'spend'>) {
  const row = (id: string, { compared: { batches, estimated, actual } }: Spent) => ({
    id,
    cells: [id, batches, estimated, actual, estimated > 0 ? actual / estimated : null],
  });
  const columns: FigureColumn[] = [
    { id: 'day', name: 'Day' },
    { id: 'batches', name: 'Batches', textOf: countText },
    { id: 'estimated', name: 'Estimated', textOf: costText },
    { id: 'actual', name: 'Actual', textOf: costText },
    { id: 'share', name: 'Actual of estimated', textOf: (share) => `${Math.round(100 * share)} %` },
  ];
  const { batches, estimated, actual } = total.compared;
  return (
    <Figure
      title="Estimated against actual"
      about={
        batches === 0
          ? 'No batch ended that had a job, an estimate and a known cost.'
          : `${batchesText(batches)} that had a job, an estimate and a known cost ${batches === 1 ? 'was' : 'were'} estimated at ${costText(estimated)} and have cost ${costText(actual)}. An estimate is of the longest answers that the requests allow, so it is usually higher.`
      }
      fileName={fileName('estimated-against-actual', days)}
      table={{
        columns,
        rows: days.map((day) => row(day.day, day)),
        total: row('All days', total),
      }}
      series={[ESTIMATED, ACTUAL]}
    >
      <Bars
        {...{ series: [ESTIMATED, ACTUAL], isStacked: false, textOf: costText }}
        rows={days.map(({ day, compared }) => ({
          ...{ label: day.slice(5), values: [compared.estimated, compared.actual] },
          note: batchesText(compared.batches),
        }))}
      />
    </Figure>
  );
}

/** A number of batches with its noun. */
export function batchesText(count: number): string {
  return `${countText(count)} ${count === 1 ? 'batch' : 'batches'}`;
}

export function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, each) => sum + each, 0);
}

function byText(by: SpendBy): string {
  return by.kind === 'metadata' ? `metadata ${by.key}` : by.kind;
}

function groupText({ name, kind }: Group, by: SpendBy): string {
  if (kind === 'other') return 'All others';
  if (kind === 'none') return by.kind === 'metadata' ? `Without ${by.key}` : `Without a ${by.kind}`;
  return name || '(empty)';
}

function colorOf({ kind }: Group, index: number): string {
  return kind === 'other' || index > 10 ? 'var(--chart-other)' : `var(--chart-${index + 1})`;
}

/** Names a file with the days that it is of. Users' texts in it lose what a file system may not take. */
function fileName(what: string, days: readonly { readonly day: string }[]): string {
  const safe = what.replaceAll(/[^A-Za-z0-9]+/g, '-');
  return `${safe}-${days[0]?.day}-to-${days.at(-1)?.day}.csv`;
}
