import { describe, expect, it } from 'vitest';
import { METRICS } from '../../shared/metrics.ts';
import { expectAccounted, IDS, realSystems, submitted } from '../support/realRows.ts';
import { row } from './rows.ts';

const start = realSystems();
const MINUTE = 60;
const HOUR = 60 * MINUTE;

describe(row(5), () => {
  it('keeps the output, runs only the other half again and merges one result', async () => {
    const system = await start({ plan: ['expired', 'completed'] });
    await system.add('b', IDS);

    await system.untilEnded('b');

    const batch = await system.batch('b');
    expect(batch).toMatchObject({ status: 'completed', attempt: 2, counts: { succeeded: 6 } });
    const [first, second] = (await system.simulator.journal()).jobs;
    expect(first?.succeeded).toHaveLength(3);
    expect([...(first?.succeeded ?? []), ...(second?.sent ?? [])].toSorted()).toEqual(IDS);
    expect((await system.rows(batch.rows?.results)).map((line) => line.custom_id)).toEqual(IDS);
    await expectAccounted(system, 'b');
  });
});

describe(row(6), () => {
  it('lets a fifth batch start in the next sweep', async () => {
    const system = await start({ plan: ['expired', 'completed'] });
    const four = ['e1', 'e2', 'e3', 'e4'];
    for (const batchId of four) await submitted(system, batchId);
    await system.advance(11 * MINUTE);
    for (let sweeps = 0; sweeps < 2; sweeps++) {
      await system.sweep();
      await system.advance(MINUTE);
    }
    await system.work();
    for (const batchId of four) expect((await system.batch(batchId)).status).toBe('retrying');

    await system.send({ batchId: 'fifth', requests: [requestOf('r1')] });
    await system.intake();
    await system.work();
    await system.sweep();
    await system.work();

    expect(await system.batch('fifth')).toMatchObject({ status: 'running', attempt: 1 });
    await system.untilEnded(...four, 'fifth');
    for (const batchId of four) {
      expect(await system.batch(batchId)).toMatchObject({ status: 'completed', attempt: 2 });
      await expectAccounted(system, batchId);
    }
  });
});

function requestOf(customId: string) {
  const body = { model: 'm', input: 'text' };
  return { custom_id: customId, method: 'POST', url: '/v1/embeddings', body };
}

describe(row(7), () => {
  it('ends as cancelled and keeps what there is', async () => {
    const system = await start({ plan: ['cancelled'] });
    await system.add('b', IDS);

    await system.untilEnded('b');

    const batch = await system.batch('b');
    expect(batch.status).toBe('cancelled');
    const { jobs } = await system.simulator.journal();
    const results = await system.rows(batch.rows?.results);
    expect(jobs).toHaveLength(1);
    expect(results.length).toBeGreaterThan(0);
    expect(results.map((line) => line.custom_id).toSorted()).toEqual(jobs[0]?.succeeded.toSorted());
    expect(system.events.at(-1)).toMatchObject({ to: 'cancelled' });
    await expectAccounted(system, 'b');
  });
});

describe(row(14), () => {
  it('ends as failed and keeps the error rows', async () => {
    const system = await start({ plan: ['all_errors'] });
    await system.add('b', IDS);

    await system.untilEnded('b');

    const batch = await system.batch('b');
    expect(batch).toMatchObject({ status: 'failed', counts: { total: 6, failed: 6 } });
    expect(await system.rows(batch.rows?.results)).toEqual([]);
    const errors = await system.rows(batch.rows?.errors);
    expect(errors.map((line) => line.custom_id)).toEqual(IDS);
    expect(errors.every(({ response }) => response?.status_code === 400)).toBe(true);
    expect(system.invocations).toEqual([]);
    await expectAccounted(system, 'b');
  });
});

describe(row(16), () => {
  it('runs lines again that may succeed', async () => {
    const system = await start({ plan: ['partial', 'completed'] });
    await system.add('b', IDS);

    await system.untilEnded('b');

    const batch = await system.batch('b');
    expect(batch).toMatchObject({ status: 'completed', attempt: 2, counts: { succeeded: 6 } });
    const [first, second] = (await system.simulator.journal()).jobs;
    expect(second?.sent).toEqual(IDS.filter((id) => !first?.succeeded.includes(id)));
    await expectAccounted(system, 'b');
  });

  it('reports lines that would fail again', async () => {
    const system = await start({ plan: ['expired', 'all_errors'] });
    await system.add('b', IDS);

    await system.untilEnded('b');

    const batch = await system.batch('b');
    expect(batch).toMatchObject({ status: 'completed', counts: { succeeded: 3, failed: 3 } });
    const errors = await system.rows(batch.rows?.errors);
    expect(errors.every(({ response }) => response?.status_code === 400)).toBe(true);
    expect(system.invocations).toMatchObject([{ counts: { total: 6, succeeded: 3, failed: 3 } }]);
    expect((await system.simulator.journal()).jobs).toHaveLength(2);
    await expectAccounted(system, 'b');
  });
});

describe(row(18), () => {
  it('names each job in the write that counts its attempt, and loops make no more', async () => {
    const system = await start({ plan: ['expired', 'expired', 'completed'] });
    await submitted(system, 'b');
    const named = new Map<number, string | undefined>();
    for (let loops = 0; loops < 60; loops++) {
      const { attempt, job } = await system.batch('b');
      if (job) {
        expect(named.get(attempt) ?? job.id).toBe(job.id);
        named.set(attempt, job.id);
      }
      await system.drain();
      await system.sweep();
      await system.advance(MINUTE);
    }

    await system.untilEnded('b');

    const { jobs } = await system.simulator.journal();
    expect([...named]).toEqual(jobs.map(({ jobId }, index) => [index + 1, jobId]));
    expect(await system.batch('b')).toMatchObject({ status: 'completed', attempt: 3 });
    await expectAccounted(system, 'b');
  });
});

describe(row(23), () => {
  it('reports it, cancels it, collects what exists and runs the rest again', async () => {
    const policy = { windowGraceSeconds: HOUR };
    const system = await start({ plan: ['stuck', 'completed'], policy });
    await submitted(system, 'b');
    await system.advance(24 * HOUR);
    await system.sweep();
    expect(await system.batch('b')).toMatchObject({ status: 'running' });
    expect(system.metrics.get(METRICS.stalled)).toBeUndefined();

    await system.advance(HOUR);
    await system.untilEnded('b');

    expect(system.metrics.get(METRICS.stalled)).toBe(1);
    const stalled = system.events.filter(({ from, to }) => from === 'running' && to === 'running');
    expect(stalled).toMatchObject([{ reasons: [{ code: 'job_stalled' }] }]);
    const { jobs, events } = await system.simulator.journal();
    const asked = events.filter(({ event }) => event === 'cancel_asked');
    expect(asked).toMatchObject([{ jobId: jobs[0]?.jobId }]);
    expect(jobs[0]?.succeeded).toHaveLength(3);
    expect(jobs[1]?.sent).toHaveLength(3);
    const batch = await system.batch('b');
    expect(batch).toMatchObject({ status: 'completed', attempt: 2, counts: { succeeded: 6 } });
    await expectAccounted(system, 'b');
  });
});
