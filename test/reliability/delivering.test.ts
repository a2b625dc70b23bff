import { describe, expect, it } from 'vitest';
import type { ProcessorEvent } from '../../shared/batch/contracts.ts';
import { expectAccounted, IDS, realSystems, submitted } from '../support/realRows.ts';
import type { RealSystem } from '../support/realSystem.ts';
import { row } from './rows.ts';

const start = realSystems();
const MINUTE = 60;

/** Sweeps until the processor has been invoked once more. */
async function invocation(system: RealSystem): Promise<ProcessorEvent> {
  const before = system.invocations.length;
  for (let sweeps = 0; sweeps < 60; sweeps++) {
    const event = system.invocations[before];
    if (event) return event;
    await system.sweep();
    await system.drain();
    await system.advance(MINUTE);
  }
  throw new Error('the processor was not invoked');
}

describe(row(8), () => {
  it('delivers again, then fails with the results kept, and redelivers when it is told to', async () => {
    const system = await start();
    await submitted(system, 'b');
    const events: ProcessorEvent[] = [];
    for (let attempt = 1; attempt <= 5; attempt++) {
      const event = await invocation(system);
      events.push(event);
      await system.settle(event, 'RetriesExhausted');
    }

    const failed = await system.batch('b');
    expect(failed.status).toBe('failed');
    expect(failed.reasons).toHaveLength(5);
    expect((await system.rows(failed.rows?.results)).map((line) => line.custom_id)).toEqual(IDS);
    expect(new Set(events.map(({ deliveryId }) => deliveryId)).size).toBe(1);
    expect(events.map(({ deliveryAttempt }) => deliveryAttempt)).toEqual([1, 2, 3, 4, 5]);

    await system.send({ action: 'redeliver', batchId: 'b' });
    await system.drain();
    const [again] = system.invocations.slice(events.length);
    if (again) await system.settle(again);

    expect(again?.deliveryId).not.toBe(events[0]?.deliveryId);
    expect(again).toMatchObject({ deliveryAttempt: 1, results: events[0]?.results });
    await system.sweep();
    expect((await system.batch('b')).status).toBe('completed');
    expect((await system.simulator.journal()).jobs).toHaveLength(1);
    await expectAccounted(system, 'b');
  });
});
