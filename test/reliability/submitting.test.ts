import { describe, expect, it } from 'vitest';
import { METRICS } from '../../shared/metrics.ts';
import { expectAccounted, IDS, realSystems, submitted } from '../support/realRows.ts';
import { requestLine } from '../support/world.ts';
import { row } from './rows.ts';

const start = realSystems();
const CREATE = { method: 'POST', path: /\/batches$/ };
const MINUTE = 60;

describe(row(1), () => {
  it('fails with the reason if the same start would fail again', async () => {
    const system = await start();
    const fault = { kind: 'status', status: 400, code: 'model_not_found' } as const;
    system.simulator.inject({ ...CREATE, times: 100, fault });
    await system.add('b', IDS);

    await system.untilEnded('b');

    const batch = await system.batch('b');
    expect(batch).toMatchObject({ status: 'failed', counts: { failed: 6 } });
    expect(batch.reasons.map(({ code }) => code)).toContain('model_not_found');
    expect((await system.simulator.journal()).jobs).toEqual([]);
    await expectAccounted(system, 'b');
  });

  it('is retried if the upload fails three times', async () => {
    const system = await start();
    const upload = { method: 'POST', path: /\/files$/, times: 3 };
    system.simulator.inject({ ...upload, fault: { kind: 'status', status: 500 } });

    await submitted(system, 'b');
    const { logged } = system;
    await system.untilEnded('b');

    expect(logged.some((line) => line.includes('"to":"retrying"'))).toBe(true);
    const batch = await system.batch('b');
    expect(batch).toMatchObject({ status: 'completed', attempt: 1, counts: { succeeded: 6 } });
    expect((await system.simulator.journal()).jobs).toHaveLength(1);
    await expectAccounted(system, 'b');
  });
});

describe(row(2), () => {
  it('adopts the one job by its submission key', async () => {
    const system = await start({ plan: ['lost_reply', 'completed'] });
    await system.add('b', IDS);

    await system.untilEnded('b');

    const batch = await system.batch('b');
    expect(batch).toMatchObject({ status: 'completed', attempt: 1, submission: 1 });
    const { jobs } = await system.simulator.journal();
    expect(jobs.map(({ jobId }) => jobId)).toEqual([batch.job?.id]);
    expect(system.metrics.get(METRICS.adopted)).toBe(1);
    await expectAccounted(system, 'b');
  });
});

describe(row(3), () => {
  it('waits, uses no attempt and starts when there is room', async () => {
    const one = Buffer.byteLength(IDS.map((id) => `${requestLine(id)}\n`).join('')) / 4;
    const system = await start({ simulator: { enqueuedTokenLimit: Math.ceil(one * 1.5) } });
    await submitted(system, 'first');
    await submitted(system, 'second');
    await system.advance(MINUTE);
    await system.sweep();
    const { status, attempt, reasons } = await system.batch('second');
    expect(status).toBe('queued');
    expect(attempt).toBe(0);
    expect(reasons).toMatchObject([{ code: 'token_limit_exceeded' }]);
    const { ceilings = {} } = await system.dependencies.providerStates.get('openai');
    expect(Object.values(ceilings)).toMatchObject([{ cooldown: { refusals: 1 } }]);

    await system.untilEnded('first', 'second');

    for (const batchId of ['first', 'second']) {
      expect(await system.batch(batchId)).toMatchObject({ status: 'completed', attempt: 1 });
      await expectAccounted(system, batchId);
    }
    const { jobs } = await system.simulator.journal();
    const [last, ...refused] = jobs.filter(({ batch }) => batch === 'second').toReversed();
    expect(last?.status).toBe('completed');
    expect(refused.length).toBeGreaterThan(0);
    expect(refused.every((job) => job.status === 'failed' && job.succeeded.length === 0)).toBe(
      true,
    );
  });
});

describe(row(4), () => {
  it('fails, keeps the reason and says so on the event bus', async () => {
    const system = await start({ plan: ['failed_invalid'] });
    await system.add('b', IDS);

    await system.untilEnded('b');

    const batch = await system.batch('b');
    expect(batch).toMatchObject({ status: 'failed', attempt: 1, counts: { failed: 6 } });
    expect(batch.reasons.map(({ code }) => code)).toContain('invalid_json_line');
    expect(system.events.filter(({ to }) => to === 'failed')).toMatchObject([{ batchId: 'b' }]);
    const errors = await system.rows(batch.rows?.errors);
    expect(errors.map(({ error }) => error?.code)).toEqual(IDS.map(() => 'invalid_json_line'));
    expect((await system.simulator.journal()).jobs).toHaveLength(1);
  });
});
