import type { Group } from '../../shared/console/groups.ts';
import type { Times, Turnaround } from '../../shared/console/turnaround.ts';
import { countText, durationText } from '../format.ts';
import type { ChartSeries } from './charts.tsx';
import { Figure, type FigureColumn } from './figure.tsx';
import { Bars } from './lazyCharts.tsx';

const P50: ChartSeries = { id: 'p50', name: 'p50: half took no longer', color: 'var(--chart-1)' };
const P90: ChartSeries = {
  ...{ id: 'p90', name: 'p90: nine of ten took no longer', color: 'var(--chart-2)' },
};
const SERIES = [P50, P90];

/** Fewer samples than this say little: of nine, the p90 is the longest. */
const FEW_SAMPLES = 10;

const secondsText = (seconds: number) => durationText(1000 * seconds);

function columnsOf(of: string): readonly FigureColumn[] {
  return [
    { id: 'of', name: of },
    { id: 'p50', name: 'p50', fileName: 'p50 in seconds', textOf: secondsText },
    { id: 'p90', name: 'p90', fileName: 'p90 in seconds', textOf: secondsText },
    { id: 'samples', name: 'Samples', textOf: samplesText },
  ];
}

export function samplesText(samples: number): string {
  return samples > 0 && samples < FEW_SAMPLES ? `${samples} (few)` : countText(samples);
}

interface TurnaroundFigureProps {
  readonly turnaround: Turnaround;
  /** `jobs` or `batches`. */
  readonly what: string;
  /** Ends the names of the files. */
  readonly period: string;
}

/** How long jobs or batches took at each provider entry. */
export function ProviderTimes({ turnaround: { providers }, what, period }: TurnaroundFigureProps) {
  return (
    <TimesFigure
      title={`${what === 'jobs' ? 'Jobs' : 'Batches'} by provider`}
      of="Provider"
      about={`Entries with fewer than ${FEW_SAMPLES} samples say little.`}
      fileName={`turnaround-of-${what}-by-provider-${period}.csv`}
      rows={providers.map((group) => ({ ...group, label: groupText(group) }))}
    />
  );
}

/** The same by the hour in which they wanted to run. */
export function HourTimes({
  turnaround,
  what,
  period,
  provider,
}: TurnaroundFigureProps & { readonly provider: string | undefined }) {
  const where = provider === undefined ? 'all providers' : provider;
  return (
    <TimesFigure
      title={`${what === 'jobs' ? 'Jobs' : 'Batches'} by hour of the day`}
      of="Hour, UTC"
      about={`Of ${where}, by the hour (UTC) in which ${what === 'jobs' ? 'they were submitted' : 'they were added, or could begin'}, whatever the day. Hours with fewer than ${FEW_SAMPLES} samples say little.`}
      fileName={`turnaround-of-${what}-by-hour-${period}.csv`}
      rows={turnaround.hours.map((times, hour) => ({
        ...times,
        label: `${String(hour).padStart(2, '0')}:00`,
      }))}
    />
  );
}

function groupText({ name, kind }: Group): string {
  return kind === 'other' ? 'All others' : name;
}

interface TimesFigureProps {
  readonly title: string;
  readonly of: string;
  readonly about: string;
  readonly fileName: string;
  readonly rows: readonly (Times & { readonly label: string })[];
}

function TimesFigure({ title, of, about, fileName, rows }: TimesFigureProps) {
  const unit = unitOf(Math.max(0, ...rows.map(({ p90 }) => p90 ?? 0)));
  const inUnit = (time: number | null) => time && time / unit.milliseconds;
  const inSeconds = (time: number | null) => time && time / 1000;
  return (
    <Figure
      {...{ title, about, fileName, series: SERIES }}
      table={{
        columns: columnsOf(of),
        rows: rows.map(({ label, p50, p90, samples }) => ({
          ...{ id: label, cells: [label, inSeconds(p50), inSeconds(p90), samples] },
        })),
      }}
    >
      <Bars
        {...{ series: SERIES, isStacked: false }}
        textOf={(value) => durationText(value * unit.milliseconds)}
        tickOf={(value) => `${value} ${unit.name}`}
        rows={rows.map(({ label, p50, p90, samples }) => ({
          ...{ label, values: [inUnit(p50), inUnit(p90)] },
          note: `${samplesText(samples)} ${samples === 1 ? 'sample' : 'samples'}`,
        }))}
      />
    </Figure>
  );
}

const HOUR = 3_600_000;
const UNITS = [
  { name: 'd', milliseconds: 24 * HOUR },
  { name: 'h', milliseconds: HOUR },
  { name: 'min', milliseconds: 60_000 },
];
const SECONDS = { name: 's', milliseconds: 1000 };

/** The largest unit of which the longest time has two. */
function unitOf(longest: number) {
  return UNITS.find(({ milliseconds }) => longest >= 2 * milliseconds) ?? SECONDS;
}
