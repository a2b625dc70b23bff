import { durationText } from './format.ts';
import { type Mark, momentText, type Segment, type Timeline } from './timeline.ts';
import type { SegmentKind, Tone } from './timelinePieces.ts';

/** An element of SVG, for whoever draws it. Its colours are variables of the style sheet. */
export interface Shape {
  readonly tag: 'rect' | 'line' | 'text' | 'circle' | 'svg';
  /** By their names in SVG. */
  readonly attributes: Readonly<Record<string, string | number>>;
  /** What is written there. It may come from outside. */
  readonly text?: string;
  /** What is told to whoever points at it. It may come from outside. */
  readonly title?: string;
  readonly inside?: readonly Shape[];
}

/** A timeline as a picture that is as wide as its place. */
export interface Picture {
  /** In pixels. */
  readonly height: number;
  readonly shapes: readonly Shape[];
}

const LANES: readonly (readonly [name: string, ...kinds: SegmentKind[]])[] = [
  ['Inspection', 'inspection'],
  ['Waiting', 'queue', 'wait', 'idle'],
  ['At the provider', 'job', 'parts'],
  ['Collection', 'collection'],
  ['Delivery', 'delivery'],
];

const MARK_HEIGHT = 16;
const LANE_HEIGHT = 42;
const BAR_TOP = 17;
const BAR_HEIGHT = 18;
const AXIS_HEIGHT = 22;
/** The share of the width that a character takes, about. A bar that is too narrow for its text has none. */
const CHARACTER = 0.0065;

export function pictureOf(timeline: Timeline): Picture {
  const { start, segments, marks } = timeline;
  const until = lastShown(timeline);
  const place = (time: number): number =>
    Math.min(1, Math.max(0, (time - start) / Math.max(1, until - start)));
  const lanes = LANES.flatMap(([name, ...kinds]) => {
    const own = segments.filter(({ kind }) => kinds.includes(kind));
    return own.length === 0 ? [] : [{ name, own }];
  });
  const top = marks.length * MARK_HEIGHT + 4;
  const noted = segments.flatMap(({ reasons }) => reasons);
  const bottom = top + (lanes.length + (noted.length > 0 ? 1 : 0)) * LANE_HEIGHT;
  return {
    height: bottom + AXIS_HEIGHT,
    shapes: [
      ...ticksOf(start, until).flatMap((tick) => tickShapes(tick, place(tick.at), top, bottom)),
      ...lanes.flatMap(({ name, own }, lane) => {
        const y = top + lane * LANE_HEIGHT;
        const length = own.reduce((sum, segment) => sum + segment.end - segment.start, 0);
        return [
          laneName(`${name}, ${durationText(length)}`, y),
          ...own.map((segment) => bar(segment, place, y + BAR_TOP)),
        ];
      }),
      ...(noted.length === 0 ? [] : [laneName('Reasons', bottom - LANE_HEIGHT)]),
      ...noted.map(({ at = '', code, message }) => ({
        tag: 'circle' as const,
        attributes: {
          cx: percent(place(Date.parse(at))),
          cy: bottom - LANE_HEIGHT + BAR_TOP + BAR_HEIGHT / 2,
          ...{ r: 5, fill: 'var(--warn)' },
        },
        title: `${momentText(Date.parse(at))}: ${code}: ${message}`,
      })),
      ...marks.flatMap((mark, row) => markShapes(mark, { start, until, row, bottom })),
    ],
  };
}

/** A moment that is far ahead would leave no room for what has been: it is named at the edge. */
function lastShown({ start, end, marks }: Timeline): number {
  const length = Math.max(end - start, 1);
  const near = marks.map(({ at }) => at).filter((at) => at <= end + length);
  return Math.max(end, start + 1, ...near);
}

function bar(segment: Segment, place: (time: number) => number, y: number): Shape {
  const { start, end, label, detail, kind, tone } = segment;
  const x = place(start);
  const width = place(end) - x;
  const colour = COLOURS[tone];
  const box = { rx: 3, fill: colour, stroke: colour, opacity: kind === 'idle' ? 0.4 : 1 };
  const text: Shape = {
    ...{ tag: 'text', text: label },
    attributes: { x: 5, y: 13, 'font-size': 12, fill: 'var(--on-accent)' },
  };
  return {
    tag: 'svg',
    attributes: { x: percent(x), y, width: percent(width), height: BAR_HEIGHT },
    title: [label, `${momentText(start)} to ${momentText(end)}`, durationText(end - start), detail]
      .filter(Boolean)
      .join('\n'),
    inside: [
      { tag: 'rect', attributes: { width: '100%', height: BAR_HEIGHT, ...box } },
      ...(width < (label.length + 1) * CHARACTER ? [] : [text]),
    ],
  };
}

function laneName(text: string, y: number): Shape {
  const attributes = { x: 0, y: y + 12, 'font-size': 12, fill: 'var(--dim)' };
  return { tag: 'text', text, attributes };
}

interface MarkPlace {
  readonly start: number;
  readonly until: number;
  readonly row: number;
  readonly bottom: number;
}

function markShapes(
  { at, label, tone }: Mark,
  { start, until, row, bottom }: MarkPlace,
): readonly Shape[] {
  const fraction = (at - start) / (until - start);
  const isOutside = fraction < 0 || fraction > 1;
  const x = percent(Math.min(1, Math.max(0, fraction)));
  const y = row * MARK_HEIGHT + 12;
  const anchor = fraction < 0.5 ? 'start' : 'end';
  const arrows = fraction > 1 ? ' →' : '';
  const text: Shape = {
    tag: 'text',
    text: `${fraction < 0 ? '← ' : ''}${label}, ${momentText(at)}${arrows}`,
    attributes: {
      x,
      y,
      dx: anchor === 'start' ? 4 : -4,
      'font-size': 12,
      fill: COLOURS[tone],
      'text-anchor': anchor,
    },
  };
  const line: Shape = {
    tag: 'line',
    attributes: {
      x1: x,
      x2: x,
      y1: y - 10,
      y2: bottom,
      stroke: COLOURS[tone],
      'stroke-dasharray': '4 3',
    },
  };
  return isOutside ? [text] : [line, text];
}

const COLOURS: Readonly<Record<Tone, string>> = {
  good: 'var(--good)',
  bad: 'var(--bad)',
  warn: 'var(--warn)',
  busy: 'var(--busy)',
  plain: 'var(--dim)',
};

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const STEPS = [
  ...[1, 2, 5, 10, 15, 30].map((count) => count * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((count) => count * MINUTE),
  ...[1, 2, 3, 6, 12].map((count) => count * HOUR),
  ...[1, 2, 5, 10, 30, 100].map((count) => count * DAY),
];
/** So that their times do not run into each other on a telephone. */
const MAX_TICKS = 5;

interface Tick {
  readonly at: number;
  readonly text: string;
}

/** Round times in UTC, a few of them. */
function ticksOf(start: number, until: number): readonly Tick[] {
  const length = until - start;
  const step = STEPS.find((each) => length / each <= MAX_TICKS) ?? length / MAX_TICKS;
  const ticks: Tick[] = [];
  for (let at = Math.ceil(start / step) * step; at <= until; at += step) {
    const [date = '', time = ''] = new Date(at).toISOString().split('T');
    const isMidnight = time.startsWith('00:00:00');
    const clock = step < MINUTE ? time.slice(0, 8) : time.slice(0, 5);
    ticks.push({ at, text: isMidnight || step >= DAY ? date.slice(5) : clock });
  }
  return ticks;
}

function tickShapes({ text }: Tick, place: number, top: number, bottom: number): readonly Shape[] {
  const x = percent(place);
  const anchor = place < 0.05 ? 'start' : place > 0.95 ? 'end' : 'middle';
  return [
    { tag: 'line', attributes: { x1: x, x2: x, y1: top, y2: bottom, stroke: 'var(--line)' } },
    {
      ...{ tag: 'text', text },
      attributes: { x, y: bottom + 15, 'font-size': 12, fill: 'var(--dim)', 'text-anchor': anchor },
    },
  ];
}

function percent(fraction: number): string {
  return `${Number((100 * fraction).toFixed(3))}%`;
}
