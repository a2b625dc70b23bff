import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Kill } from './kill/killAt.ts';
import { type CaseResult, caseLine, startInProcessRig } from './kill/matrix.ts';

/** Of some two hundred; `npm run test:kill` runs all of them. */
const CASES = 11;

describe('a handler in one process that is killed at any instant loses nothing and repeats no job', () => {
  let rig: Awaited<ReturnType<typeof startInProcessRig>>;
  let sample: readonly (readonly Kill[])[];
  const results: CaseResult[] = [];

  beforeAll(async () => {
    rig = await startInProcessRig();
    const all = await rig.allCases();
    // Another part of them in each run.
    const start = Math.floor((Math.random() * all.length) / CASES);
    const step = all.length / CASES;
    sample = Array.from(
      { length: CASES },
      (_, index) => all[start + Math.floor(index * step)] ?? [],
    );
  });
  afterAll(() => rig?.stop());

  it.for(Array.from({ length: CASES }, (_, index) => index))(
    'case %i of the sample',
    async (index) => {
      const result = await rig.runCase(sample[index] ?? []);
      results.push(result);
      expect(result.wrongs, caseLine(result)).toEqual([]);
    },
  );

  it('was killed in most of them', () => {
    const killed = results.filter(({ points }) => points[0] !== undefined);
    expect(killed.length).toBeGreaterThan(0.6 * CASES);
  });
});
