import type { Used } from './process.ts';

/** One measured number. */
export interface Figure {
  /** Letters, digits and dashes; the same in every run. */
  readonly name: string;
  /** Label in tables. */
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  readonly goal?: Goal | undefined;
  /** True for a physical limit, which is shown beside the figures that it limits. */
  readonly isLimit?: boolean;
}

export interface Goal {
  readonly is: 'at most' | 'at least';
  readonly value: number;
}

/** One measurement. It starts and stops whatever it needs. */
export interface Benchmark {
  /** The value of `--only`. */
  readonly name: string;
  /** Heading of its figures. */
  readonly title: string;
  run(): Promise<readonly Figure[]>;
}

export function figure(
  name: string,
  what: string,
  value: number,
  unit: string,
  more: Pick<Figure, 'goal' | 'isLimit'> = {},
): Figure {
  return { name, what, value, unit, ...more };
}

export function atMost(value: number): Goal {
  return { is: 'at most', value };
}

export function atLeast(value: number): Goal {
  return { is: 'at least', value };
}

/** Whether the figure reaches its goal, or null if it has none. */
export function isReached({ value, goal }: Pick<Figure, 'value' | 'goal'>): boolean | null {
  if (goal === undefined) return null;
  return goal.is === 'at most' ? value <= goal.value : value >= goal.value;
}

/** Runs of each measurement. A figure is their median. */
export const RUNS = 5;

/** Measures `runs` times, one run after the other. */
export async function repeat<T>(measure: () => Promise<T>, runs = RUNS): Promise<readonly T[]> {
  const results: T[] = [];
  for (let run = 0; run < runs; run++) results.push(await measure());
  return results;
}

/** Runs the work and returns how many milliseconds it took. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

/**
 * The middle value, or the mean of the two middle ones if their number is even.
 *
 * @throws Error if there are no values
 */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  if (low === undefined || high === undefined) throw new Error('there is no median of no values');
  return (low + high) / 2;
}

/**
 * The median of the ratios of pairs that were measured one right after the other: what slows the
 * machine down for a while slows both, and cancels out.
 */
export function medianRatio(pairs: readonly (readonly [number, number])[]): number {
  return median(pairs.map(([one, other]) => one / other));
}

/** What a limit and what is compared with it took, measured one right after the other. */
export type UsedPair = readonly [limit: Used, measured: Used];

/**
 * The speed of something as a share of its limit's. A goal is compared with the time on a CPU: it is the
 * same on a busy machine, and counts the work of every thread, all of which a function with one CPU does
 * one after the other.
 */
export function shareFigures(
  name: string,
  what: string,
  pairs: readonly UsedPair[],
  goal?: Goal,
): readonly Figure[] {
  const shareOf = (part: keyof Used) =>
    100 * medianRatio(pairs.map(([limit, measured]) => [limit[part], measured[part]]));
  return [
    figure(name, `${what}, in CPU time`, shareOf('cpuMilliseconds'), '%', { goal }),
    figure(`${name}-elapsed`, `${what}, by the clock`, shareOf('milliseconds'), '%'),
  ];
}

/** How many times as much as its limit something takes, of which the same holds. */
export function timesFigures(
  name: string,
  what: string,
  pairs: readonly UsedPair[],
  goal: Goal,
): readonly Figure[] {
  const timesOf = (part: keyof Used) =>
    medianRatio(pairs.map(([limit, measured]) => [measured[part], limit[part]]));
  return [
    figure(name, `${what}, in CPU time`, timesOf('cpuMilliseconds'), '×', { goal }),
    figure(`${name}-elapsed`, `${what}, by the clock`, timesOf('milliseconds'), '×'),
  ];
}

/** Megabytes of 10^6 bytes, as providers count them. */
export function megabytes(bytes: number): number {
  return bytes / 1_000_000;
}

export function megabytesPerSecond(bytes: number, milliseconds: number): number {
  return megabytes(bytes) / (milliseconds / 1000);
}
