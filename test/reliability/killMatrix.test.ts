import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ROLES } from './kill/functionsUnderWatch.ts';
import {
  allCases,
  type Case,
  type CaseResult,
  caseLine,
  PLAN,
  runCase,
  sampleOf,
} from './kill/matrix.ts';
import { type KillRig, startKillRig } from './kill/rig.ts';

/** Of some seven hundred and fifty; `npm run test:kill` runs all of them. */
const CASES = 24;

describe('a function that is killed at any request, before or after its answer, harms no batch', () => {
  let rig: KillRig;
  let sample: readonly Case[];
  const results: CaseResult[] = [];

  beforeAll(async () => {
    rig = await startKillRig(PLAN);
    const all = await allCases(rig);
    sample = sampleOf(all, CASES);
    process.stdout.write(`kill matrix: ${sample.length} of ${all.length} cases\n`);
  });
  afterAll(() => rig?.stop());

  // A test each, so that a slow machine has its time for each of them.
  it.for(Array.from({ length: CASES }, (_, index) => index))(
    'case %i of the sample',
    async (index) => {
      const one = sample[index];
      if (!one) throw new Error(`the sample has no case ${index}`);
      const result = await runCase(rig, one);
      results.push(result);
      expect(result.wrongs, caseLine(result)).toEqual([]);
    },
  );

  it('was killed in most of them, and of each kind', () => {
    const killed = results.filter(({ point }) => point !== undefined);
    expect(killed.length).toBeGreaterThan(0.8 * CASES);
    for (const role of ['Worker', 'Sweeper'] satisfies (typeof ROLES)[number][])
      expect(killed.some((result) => result.role === role)).toBe(true);
  });
});
