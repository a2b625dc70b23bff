import { Injection, POINT_FAULTS, type Point, type PointFault } from './injection.ts';
import { LIVES, type LifeName } from './lives.ts';
import type { PortWatch } from './portWatch.ts';
import { ALL_GUARDS } from './schedule.ts';
import { Simulation } from './simulation.ts';

/** The faults of one run: each at a point, by its number. */
export type Placed = readonly (readonly [point: number, fault: PointFault])[];

/** A run of a life that broke a promise. */
export interface BrokenRun {
  readonly faults: Placed;
  /** The faults in words. */
  readonly where: readonly string[];
  readonly what: readonly string[];
}

/** What became of a life with every fault, or with every pair of faults. */
export interface Exhausted {
  /** I/O points of the life without any fault, and all faults that they can have. */
  readonly points: number;
  readonly faults: number;
  readonly runs: number;
  readonly caught: number;
  /** The first runs that broke a promise. */
  readonly broken: readonly BrokenRun[];
}

/** One worker's part of the runs: of every `of` first faults, the one with this index. */
export interface ExhaustiveShare {
  readonly life: LifeName;
  /** Faults of one run. */
  readonly depth: 1 | 2;
  readonly index: number;
  readonly of: number;
}

const KEPT = 5;

/** Runs a life with every fault at every I/O point and, with a depth of 2, with every pair of them. */
export async function exhaust(share: ExhaustiveShare): Promise<Exhausted> {
  const { life, depth, index, of } = share;
  const broken: BrokenRun[] = [];
  let runs = 0;
  let caught = 0;
  const run = async (faults: Placed) => {
    const { points, what } = await runLife(life, faults);
    runs += 1;
    if (what.length === 0) return points;
    caught += 1;
    const where = faults.map(([at, fault]) => `${fault}: ${points[at]?.what}`);
    if (broken.length < KEPT) broken.push({ faults, where, what });
    return points;
  };
  const { points } = await runLife(life, []);
  expectNoDelay(life, points);
  if (index === 0) await run([]);
  const places = placesIn(points, 0);
  for (const [number, first] of places.entries()) {
    if (number % of !== index) continue;
    // The points after a fault are those of its own run.
    const after = await run([first]);
    if (depth === 2) for (const second of placesIn(after, first[0] + 1)) await run([first, second]);
  }
  return { points: points.length, faults: places.length, runs, caught, broken };
}

/**
 * Without a fault, each work is done at once. A worker that waits for something real, as for a module that
 * is loaded, looks like one that has died: the clock of the simulation goes on meanwhile.
 */
function expectNoDelay(life: LifeName, points: readonly Point[]): void {
  const inspections = points.filter(({ what }) =>
    what.includes('to the worker: {"action":"inspect"'),
  );
  if (inspections.length === 1) return;
  throw new Error(`life "${life}" is inspected ${inspections.length} times without any fault`);
}

function placesIn(points: readonly Point[], from: number): Placed {
  return points
    .slice(from)
    .flatMap(({ kind }, index) =>
      POINT_FAULTS[kind].map((fault) => [from + index, fault] as const),
    );
}

interface LifeRun {
  readonly points: readonly Point[];
  /** Promises that were broken. */
  readonly what: readonly string[];
  /** The trace, if one is kept. */
  readonly lines: readonly string[];
}

/** Runs a life with some faults. */
export async function runLife(
  life: LifeName,
  faults: Placed,
  options: { readonly traced?: boolean; readonly watch?: PortWatch } = {},
): Promise<LifeRun> {
  const injection = new Injection(new Map(faults));
  const scripted = { life: LIVES[life], injection };
  const simulation = new Simulation(1, ALL_GUARDS, options.traced, scripted);
  if (options.watch) simulation.watch = options.watch;
  const what = await simulation.run();
  return { points: injection.points, what, lines: simulation.schedule.lines ?? [] };
}
