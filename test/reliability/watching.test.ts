import { describe, expect, it } from 'vitest';
import { METRICS } from '../../shared/metrics.ts';
import type { Fault } from '../../simulators/engine/faults.ts';
import { expectAccounted, IDS, realSystems, submitted } from '../support/realRows.ts';
import { row } from './rows.ts';

const start = realSystems();
const MINUTE = 60;

/** The SDK's own three tries of a call that reads. */
const TRIES = 3;

describe(row(12), () => {
  const faults: Record<string, Fault> = {
    '500': { kind: 'status', status: 500 },
    '429': { kind: 'status', status: 429 },
    'no answer': { kind: 'reset' },
  };
  for (const [name, fault] of Object.entries(faults))
    it(`looks again in the next sweep, and delays no other batch (${name})`, async () => {
      const system = await start();
      await submitted(system, 'struck');
      await submitted(system, 'other');
      const { job } = await system.batch('struck');
      await system.advance(11 * MINUTE);
      const path = new RegExp(`/batches/${job?.id}$`);
      system.simulator.inject({ method: 'GET', path, times: TRIES, fault });

      await system.sweep();

      expect((await system.batch('struck')).status).toBe('running');
      expect((await system.batch('other')).status).toBe('collecting');
      await system.sweep();
      expect((await system.batch('struck')).status).toBe('collecting');
      await system.untilEnded('struck', 'other');
      for (const batchId of ['struck', 'other']) {
        expect(await system.batch(batchId)).toMatchObject({ status: 'completed', attempt: 1 });
        await expectAccounted(system, batchId);
      }
    });
});

describe(row(13), () => {
  it('is logged, counted and looked at again', async () => {
    const system = await start();
    await submitted(system, 'b');
    const fault = { kind: 'patch', fields: { status: 'on_holiday' } } as const;
    system.simulator.inject({ method: 'GET', path: /\/batches\/batch_/, times: 2, fault });

    await system.sweep();
    await system.sweep();

    expect((await system.batch('b')).status).toBe('running');
    expect(system.metrics.get(METRICS.unknownStatus)).toBe(2);
    expect(system.logged.filter((line) => line.includes('on_holiday'))).toHaveLength(2);
    await system.untilEnded('b');
    expect(await system.batch('b')).toMatchObject({ status: 'completed', attempt: 1 });
    await expectAccounted(system, 'b');
  });
});

describe(row(17), () => {
  /** Above it a download is given up, and the collection done again. */
  const RESUMPTIONS = 5;
  const cut = { method: 'GET', path: /\/content$/ };

  it('is resumed where it broke', async () => {
    const system = await start();
    const fault = { kind: 'cut', afterBytes: 700 } as const;
    system.simulator.inject({ ...cut, times: RESUMPTIONS, fault });
    await system.add('b', IDS);

    await system.untilEnded('b');

    const batch = await system.batch('b');
    expect(batch).toMatchObject({ status: 'completed', failures: 0, counts: { succeeded: 6 } });
    expect((await system.rows(batch.rows?.results)).map((line) => line.custom_id)).toEqual(IDS);
    await expectAccounted(system, 'b');
  });

  it('is done again from the start if it keeps breaking, and leaves no part of a file', async () => {
    const system = await start();
    const fault = { kind: 'cut', afterBytes: 700 } as const;
    system.simulator.inject({ ...cut, times: 2 * (RESUMPTIONS + 1), fault });
    await system.add('b', IDS);

    await system.untilEnded('b');

    const batch = await system.batch('b');
    expect(batch).toMatchObject({ status: 'completed', counts: { succeeded: 6 } });
    expect(system.logged.filter((line) => line.startsWith('work failed'))).toHaveLength(2);
    expect((await system.rows(batch.rows?.results)).map((line) => line.custom_id)).toEqual(IDS);
    expect(await system.keysOf('b')).toEqual(
      [batch.input?.key, batch.input?.ids?.key, batch.rows?.errors, batch.rows?.results].toSorted(),
    );
    await expectAccounted(system, 'b');
  });
});
