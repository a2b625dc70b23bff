import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ROLES } from './kill/functionsUnderWatch.ts';
import { allCases, caseLine, PLAN, runCase, sampleOf } from './kill/matrix.ts';
import { type KillRig, startKillRig } from './kill/rig.ts';

/** Of some six hundred and fifty; `npm run test:kill` runs all of them. */
const CASES = 24;

let rig: KillRig;
beforeAll(async () => {
  rig = await startKillRig(PLAN);
});
afterAll(() => rig?.stop());

it('a function that is killed at any request, before or after its answer, harms no batch', async () => {
  const all = await allCases(rig);
  const cases = sampleOf(all, CASES);
  const results = [];
  for (const one of cases) results.push(await runCase(rig, one));

  process.stdout.write(`kill matrix: ${cases.length} of ${all.length} cases\n`);
  expect(results.filter(({ wrongs }) => wrongs.length > 0).map(caseLine)).toEqual([]);
  const killed = results.filter(({ point }) => point !== undefined);
  expect(killed.length).toBeGreaterThan(0.8 * cases.length);
  for (const role of ['Worker', 'Sweeper'] satisfies (typeof ROLES)[number][])
    expect(killed.some((result) => result.role === role)).toBe(true);
});
