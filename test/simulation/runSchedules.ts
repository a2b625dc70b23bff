import {
  BEST_FAIR_FIGURES,
  type FairFigures,
  runFairShare,
  worstFairFigures,
} from './fairShare.ts';
import { type Figures, NO_FIGURES, worstOf } from './figures.ts';
import { ALL_GUARDS, type Guards } from './schedule.ts';
import { Simulation } from './simulation.ts';

export interface Tally {
  schedules: number;
  lost: number;
  unexpected: number;
  duplicated: number;
  violations: number;
  /** Schedules that broke a promise. */
  caught: number;
  /** Schedules with faults that broke no promise. */
  recovered: number;
  /** Creates over HTTP that were answered with a batch, and requests that were repeated. */
  acceptedCreates: number;
  repeatedRequests: number;
  worst: Figures;
  /** The worst of the provider that is divided. */
  fair: FairFigures;
  /** The first seeds that broke a promise, and which one. */
  readonly broken: { readonly seed: number; readonly what: readonly string[] }[];
}

const KEPT = 5;

/** Runs the schedules of `count` seeds. */
export async function runSchedules(
  firstSeed: number,
  count: number,
  guards: Guards = ALL_GUARDS,
): Promise<Tally> {
  const tally: Tally = {
    schedules: 0,
    lost: 0,
    unexpected: 0,
    duplicated: 0,
    violations: 0,
    recovered: 0,
    caught: 0,
    acceptedCreates: 0,
    repeatedRequests: 0,
    worst: NO_FIGURES,
    fair: BEST_FAIR_FIGURES,
    broken: [],
  };
  await divide(tally, firstSeed);
  for (let seed = firstSeed; seed < firstSeed + count; seed++) {
    const simulation = new Simulation(seed, guards);
    const what = await simulation.run();
    tally.schedules += 1;
    const { intents = [], repeats = 0 } = simulation.http ?? {};
    tally.acceptedCreates += intents.filter(({ accepted }) => accepted !== undefined).length;
    tally.repeatedRequests += repeats;
    tally.worst = worstOf(tally.worst, simulation.invariants.figures);
    if (what.length === 0) {
      if (simulation.schedule.faultCount > 0) tally.recovered += 1;
      continue;
    }
    tally.caught += 1;
    const has = (word: string) => what.some((line) => line.startsWith(word));
    if (has('lost')) tally.lost += 1;
    if (has('unexpected')) tally.unexpected += 1;
    if (has('duplicated')) tally.duplicated += 1;
    if (has('violation')) tally.violations += 1;
    if (tally.broken.length < KEPT) tally.broken.push({ seed, what });
  }
  return tally;
}

/** Divides a provider between tenants, once for all schedules of a process: it has no faults. */
async function divide(tally: Tally, seed: number): Promise<void> {
  const { figures, broken } = await runFairShare(seed);
  tally.fair = worstFairFigures(tally.fair, figures);
  if (broken.length === 0) return;
  tally.caught += 1;
  tally.violations += 1;
  tally.broken.push({ seed, what: broken });
}

/** The trace of one seed, line by line. */
export async function traceOf(
  seed: number,
  guards: Guards = ALL_GUARDS,
): Promise<readonly string[]> {
  const simulation = new Simulation(seed, guards, true);
  await simulation.run();
  return simulation.schedule.lines ?? [];
}
