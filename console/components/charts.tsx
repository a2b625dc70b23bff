import type { ReactNode } from 'react';
import {
  Bar,
  CartesianGrid,
  ComposedChart,
  ReferenceLine,
  Scatter,
  ScatterChart,
  Tooltip,
  XAxis,
  YAxis,
} from 'recharts';

// Loaded when a chart is first shown: the library is larger than the rest of the page.

/** A row of numbers beside each other, or a bar made of them. */
export interface ChartSeries {
  /** Tells it from the others, which may have the same name: names are users' texts. */
  readonly id: string;
  readonly name: string;
  /** A colour of CSS, such as `var(--chart-1)`. */
  readonly color: string;
}

export interface ChartRow {
  readonly label: string;
  /** In the order of the series. Null: there is none. */
  readonly values: readonly (number | null)[];
  /** What else is said of it. */
  readonly note?: string | undefined;
}

interface BarsProps {
  readonly series: readonly ChartSeries[];
  readonly rows: readonly ChartRow[];
  readonly isStacked: boolean;
  /** A value for people. */
  readonly textOf: (value: number) => string;
  /** A value of the scale. Default: as any other. */
  readonly tickOf?: ((value: number) => string) | undefined;
}

const HEIGHT = 280;
const MARGIN = { top: 8, right: 8, bottom: 0, left: 0 };
const AXIS = { stroke: 'var(--line)', tick: { fill: 'var(--dim)', fontSize: 12 } } as const;
const CURSOR = { fill: 'var(--line)', opacity: 0.4 };
const SIZE = { width: '100%', height: HEIGHT };

/** Bars, one for each row, of its values on top of or beside each other. */
export function Bars({ series, rows, isStacked, textOf, tickOf = textOf }: BarsProps) {
  return (
    <ComposedChart
      responsive
      style={SIZE}
      data={[...rows]}
      margin={MARGIN}
      accessibilityLayer={false}
    >
      <CartesianGrid vertical={false} stroke="var(--line)" />
      <XAxis dataKey="label" {...AXIS} tickLine={false} minTickGap={12} />
      <YAxis {...AXIS} tickFormatter={tickOf} width={64} axisLine={false} tickLine={false} />
      <Tooltip
        cursor={CURSOR}
        isAnimationActive={false}
        content={({ active, payload }) => {
          const row = payload?.[0]?.payload as ChartRow | undefined;
          return active && row ? <RowNote series={series} row={row} textOf={textOf} /> : null;
        }}
      />
      {series.map(({ id, name, color }, index) => (
        <Bar
          key={id}
          dataKey={({ values }: ChartRow) => values[index] ?? undefined}
          name={name}
          fill={color}
          {...(isStacked && { stackId: 'all' })}
          maxBarSize={48}
          isAnimationActive={false}
        />
      ))}
    </ComposedChart>
  );
}

function RowNote({
  series,
  row,
  textOf,
}: Pick<BarsProps, 'series' | 'textOf'> & { row: ChartRow }) {
  const { label, values, note } = row;
  return (
    <ChartNote title={label}>
      {series.map(({ id, name, color }, index) => {
        const value = values[index] ?? null;
        return value === null || value === 0 ? null : (
          <div key={id}>
            <span className="swatch" style={{ background: color }} /> {name}: {textOf(value)}
          </div>
        );
      })}
      {note && <div className="dim">{note}</div>}
    </ChartNote>
  );
}

function ChartNote({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <div className="chart-note">
      <strong>{title}</strong>
      {children}
    </div>
  );
}

/** A dot at a time. */
export interface ChartDot {
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly value: number;
  readonly title: string;
  readonly text: string;
}

interface DotsProps {
  readonly series: readonly (ChartSeries & {
    readonly shape: 'circle' | 'cross';
    readonly dots: readonly ChartDot[];
  })[];
  /** A line at a value, with its name. */
  readonly limit?: { readonly value: number; readonly name: string } | undefined;
  /** The first and the last time, in milliseconds since 1970. */
  readonly between: readonly [number, number];
  readonly textOf: (value: number) => string;
}

/** Dots over time. */
export function Dots({ series, limit, between, textOf }: DotsProps) {
  const dayOf = (time: number) => new Date(time).toISOString().slice(5, 10);
  const most = (greatest: number) => Math.max(greatest, limit?.value ?? 0) * 1.05;
  return (
    <ScatterChart responsive style={SIZE} margin={MARGIN} accessibilityLayer={false}>
      <CartesianGrid vertical={false} stroke="var(--line)" />
      <XAxis
        {...{ type: 'number', dataKey: 'time', domain: [...between], scale: 'time' }}
        {...AXIS}
        tickFormatter={dayOf}
        ticks={midnightsOf(between)}
        tickLine={false}
        minTickGap={16}
      />
      <YAxis
        {...{ type: 'number', dataKey: 'value', domain: [0, most] }}
        {...AXIS}
        tickFormatter={textOf}
        {...{ width: 64, axisLine: false, tickLine: false }}
      />
      <Tooltip
        {...{ cursor: false, isAnimationActive: false }}
        content={({ active, payload }) => {
          const dot = payload?.[0]?.payload as ChartDot | undefined;
          return active && dot ? <ChartNote title={dot.title}>{dot.text}</ChartNote> : null;
        }}
      />
      {limit && (
        <ReferenceLine
          y={limit.value}
          stroke="var(--warn)"
          strokeDasharray="6 4"
          label={{
            value: limit.name,
            position: 'insideTopLeft',
            fill: 'var(--warn)',
            fontSize: 12,
          }}
        />
      )}
      {series.map(({ id, name, color, shape, dots }) => (
        <Scatter
          key={id}
          {...{ name, shape, data: [...dots], fill: color }}
          isAnimationActive={false}
        />
      ))}
    </ScatterChart>
  );
}

const DAY_MS = 24 * 3_600_000;
const MAX_TICKS = 10;

/** Some of the midnights in between, as far from each other. */
function midnightsOf([first, last]: DotsProps['between']): number[] {
  const step = Math.ceil((last - first) / DAY_MS / MAX_TICKS) * DAY_MS;
  const ticks: number[] = [];
  for (let time = first; time <= last; time += step) ticks.push(time);
  return ticks;
}
