import { describe, expect, it } from 'vitest';
import { runSchedules, traceOf } from './runSchedules.ts';

describe('the simulation', () => {
  it('keeps every promise in its first 300 schedules', async () => {
    const { broken, schedules, recovered } = await runSchedules(1, 300);
    expect(broken).toEqual([]);
    expect(schedules).toBe(300);
    expect(recovered).toBeGreaterThan(200);
  });

  it('gives the same trace for the same seed', async () => {
    const trace = await traceOf(7);
    expect(trace.length).toBeGreaterThan(50);
    expect(await traceOf(7)).toEqual(trace);
    expect(await traceOf(8)).not.toEqual(trace);
  });
});
