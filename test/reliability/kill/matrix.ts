import { ROLES } from './functionsUnderWatch.ts';
import type { KillRig } from './rig.ts';
import { runScenario, type Way } from './scenario.ts';
import { cancelWrongs, wrongs } from './verdict.ts';
import type { Moment } from './watchedNetwork.ts';

/** What becomes of the jobs of each batch: a half to collect, then the rest. */
export const PLAN = ['expired', 'completed'];

const WAYS: readonly Way[] = [
  ...ROLES.map((role): Way => (role === 'Webhook' ? { role, messenger: 'webhook' } : { role })),
  { role: 'Sweeper', messenger: 'rule' },
  { role: 'Api', cancels: true },
];

/** One process, killed once. */
export interface Case extends Way {
  /** The request at which it is killed, from 1. */
  readonly number: number;
  readonly moment: Moment;
}

export interface CaseResult extends Case {
  /** What the request at which it was killed asks for. */
  readonly point: string | undefined;
  readonly wrongs: readonly string[];
}

/** Every request of every function in a run without a fault, before and after it. */
export async function allCases(rig: KillRig): Promise<readonly Case[]> {
  const cases: Case[] = [];
  for (const way of WAYS) {
    const { batch, points } = await runScenario(rig, way);
    const found = await (way.cancels ? cancelWrongs : wrongs)(rig, batch);
    if (found.length > 0) throw new Error(`without a fault, ${found.join('; ')}`);
    for (const { number } of points)
      for (const moment of ['before', 'after'] as const) cases.push({ ...way, number, moment });
  }
  return cases;
}

/** So many of the cases, at even distances and the same each time, of both moments. */
export function sampleOf(cases: readonly Case[], size: number): readonly Case[] {
  if (cases.length <= size) return cases;
  const at = (index: number): number => Math.floor((index * cases.length) / size);
  return Array.from({ length: size }, (_, index) => cases[at(index)]).filter(
    (found) => found !== undefined,
  );
}

export async function runCase(rig: KillRig, one: Case): Promise<CaseResult> {
  const { number, moment } = one;
  const at = (point: { number: number }): boolean => point.number === number;
  try {
    const { batch, killedAt } = await runScenario(rig, one, { moment, at });
    const found = await (one.cancels ? cancelWrongs : wrongs)(rig, batch);
    // The number of requests differs a little between runs: the last ones may not come.
    return { ...one, point: killedAt?.name, wrongs: found };
  } catch (error) {
    return { ...one, point: undefined, wrongs: [String(error)] };
  }
}

/** Who is killed, in short. */
export function nameOf({ role, messenger, cancels }: Way): string {
  const more = messenger ?? (cancels ? 'cancels' : undefined);
  return more === undefined ? role : `${role} (${more})`;
}

/** One line about a case. */
export function caseLine({ number, moment, point, wrongs: found, ...way }: CaseResult): string {
  const outcome = point === undefined && found.length === 0 ? 'not reached' : 'as it should';
  return `${nameOf(way)} ${moment} request ${number} (${point}): ${found.join('; ') || outcome}`;
}
