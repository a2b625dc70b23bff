import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type KillRig, startKillRig } from './kill/rig.ts';
import { IDS, runScenario } from './kill/scenario.ts';
import { effectsOf, wrongs } from './kill/verdict.ts';
import type { Point } from './kill/watchedNetwork.ts';
import { row } from './rows.ts';

const PLAN = ['expired', 'completed'];

const isCreate = ({ name }: Point): boolean => name === 'provider POST /v1/batches';
const isWrite = ({ name }: Point): boolean => /^table (Put|Update)Item$/.test(name);
const isEffect = ({ name }: Point): boolean => /^queues PUT .*\/effects\//.test(name);

let rig: KillRig;
beforeAll(async () => {
  rig = await startKillRig(PLAN);
});
afterAll(() => rig?.stop());

describe(row(9), () => {
  for (const attempt of [1, 2])
    it(`adopts the job of attempt ${attempt}`, async () => {
      const at = nth(attempt, isCreate);
      const kill = { role: 'Worker', moment: 'after', at } as const;

      const { batch, killedAt } = await runScenario(rig, { role: 'Worker' }, kill);

      expect(killedAt).toBeDefined();
      expect(await wrongs(rig, batch)).toEqual([]);
    });
});

describe(row(10), () => {
  it('runs the processor again with the same delivery id', async () => {
    const at = nth(2, isEffect);
    const kill = { role: 'Processor', moment: 'after', at } as const;

    const { batch, killedAt } = await runScenario(rig, { role: 'Processor' }, kill);

    expect(killedAt).toBeDefined();
    expect(await wrongs(rig, batch)).toEqual([]);
    const effects = await effectsOf(rig, batch.batchId);
    expect(effects).toEqual([1, 2, 3].map((run) => `${batch.keyPrefix}-delivery-1/${run}`));
  });

  it('has the effect once if the processor asks for it', async () => {
    const processor = join(import.meta.dirname, 'kill', 'onceProcessor');
    const onceRig = await startKillRig(PLAN, processor);
    try {
      const at = firstAfter(isEffect, isWrite);
      const kill = { role: 'Processor', moment: 'after', at } as const;

      const { batch, killedAt } = await runScenario(onceRig, { role: 'Processor' }, kill);

      expect(killedAt).toBeDefined();
      expect(batch).toMatchObject({ status: 'completed', counts: { succeeded: IDS.length } });
      expect(batch.delivery?.invocations).toBe(2);
      expect(await effectsOf(onceRig, batch.batchId)).toHaveLength(1);
    } finally {
      await onceRig.stop();
    }
  });
});

describe(row(11), () => {
  for (const moment of ['before', 'after'] as const)
    it(`leaves a whole record (${moment} the write of the job)`, async () => {
      const at = firstAfter(isCreate, isWrite);
      const kill = { role: 'Worker', moment, at } as const;

      const { batch, killedAt } = await runScenario(rig, { role: 'Worker' }, kill);

      expect(killedAt).toBeDefined();
      expect(await wrongs(rig, batch)).toEqual([]);
    });
});

/** The so-manieth request of a kind. */
function nth(count: number, isOne: (point: Point) => boolean): (point: Point) => boolean {
  let left = count;
  return (point) => isOne(point) && --left === 0;
}

/** The first request of a kind after one of another kind. */
function firstAfter(isFirst: (point: Point) => boolean, isOne: (point: Point) => boolean) {
  let seen = false;
  return (point: Point): boolean => {
    if (seen && isOne(point)) return true;
    seen ||= isFirst(point);
    return false;
  };
}
