import { describe, expect, it } from 'vitest';
import { isEnded } from '../../shared/batch/status.ts';
import { intake } from '../../shared/usecases/intake/intake.ts';
import { runWork } from '../../shared/usecases/work/work.ts';
import type { Answer, Received } from '../support/emulatorsProxy.ts';
import { expectAccounted, IDS, realSystems, submitted } from '../support/realRows.ts';
import { row } from './rows.ts';

const start = realSystems();
const FUNCTION_MS = 300_000;

describe(row(15), () => {
  it('has one winner in each step', async () => {
    const system = await start({ plan: ['expired', 'completed'] });
    const handlers = [system.dependencies, system.another()];
    await system.add('b', IDS);

    for (let rounds = 0; rounds < 60; rounds++) {
      await system.batchQueue.handleAll(async ({ Body: body = '', MessageId: messageId = '' }) => {
        await Promise.all(
          handlers.map((each) => intake(each, { body, messageId, sentAt: 0, receiveCount: 1 })),
        );
      });
      await system.workQueue.handleAll(async ({ Body: body = '' }) => {
        const deadline = system.dependencies.clock.now() + FUNCTION_MS;
        await Promise.all(handlers.map((each) => runWork(each, JSON.parse(body), deadline)));
      });
      for (const event of system.invocations) await system.settle(event);
      await Promise.all(handlers.map((each) => system.sweep(each)));
      await system.advance(60);
      const batch = await system.dependencies.batches.get('b');
      if (batch && isEnded(batch.status)) break;
    }

    expect(await system.batch('b')).toMatchObject({ status: 'completed', attempt: 2 });
    expect((await system.simulator.journal()).jobs).toHaveLength(2);
    expect(system.invocations).toHaveLength(1);
    await expectAccounted(system, 'b');
  });
});

describe(row(19), () => {
  it('starts all that may wait for the first word of the provider in one sweep, in order', async () => {
    const system = await start();
    const batchIds = Array.from({ length: 20 }, (_, index) => `b${index + 10}`);
    for (const batchId of batchIds) {
      await system.add(batchId, ['r1']);
      await system.drain();
      await system.advance(1);
    }

    await system.sweep();

    await system.work();
    const { jobs } = await system.simulator.journal();
    expect(jobs.map(({ batch }) => batch)).toEqual(batchIds.slice(0, 8));
    await system.untilEnded(...batchIds);
  });

  it('starts the oldest where there is room for some', async () => {
    const system = await start({ limits: { maxInFlight: 3 } });
    const batchIds = Array.from({ length: 8 }, (_, index) => `b${index}`);
    for (const batchId of batchIds) {
      await system.add(batchId, ['r1']);
      await system.drain();
      await system.advance(1);
    }

    await system.sweep();
    await system.work();

    const { jobs } = await system.simulator.journal();
    expect(jobs.map(({ batch }) => batch)).toEqual(batchIds.slice(0, 3));
    await system.untilEnded(...batchIds);
    const all = (await system.simulator.journal()).jobs;
    expect(all.map(({ batch }) => batch)).toEqual(batchIds);
  });
});

describe(row(20), () => {
  it('changes nothing', async () => {
    const system = await start({ plan: ['expired', 'completed'] });
    await system.add('b', IDS);
    await system.untilEnded('b');
    const before = await system.batch('b');
    const { jobs } = await system.simulator.journal();
    const deadline = system.dependencies.clock.now() + FUNCTION_MS;
    const batchMessages = system.batchQueue.received.toReversed();
    const workMessages = system.workQueue.received.toReversed();
    expect(batchMessages).toHaveLength(2);
    expect(workMessages).toHaveLength(5);

    for (const { Body: body = '' } of [...workMessages, ...workMessages])
      await runWork(system.dependencies, JSON.parse(body), deadline);
    for (const { Body: body = '', MessageId: messageId = '' } of batchMessages)
      await intake(system.dependencies, { body, messageId, sentAt: 0, receiveCount: 2 });
    for (const event of system.invocations) {
      await system.settle(event);
      await system.settle(event, 'RetriesExhausted');
    }
    await system.drain();
    await system.sweep();
    await system.drain();

    expect(await system.batch('b')).toEqual(before);
    expect((await system.simulator.journal()).jobs).toEqual(jobs);
    expect(system.invocations).toHaveLength(1);
  });
});

describe(row(21), () => {
  it('lets one of them sweep', async () => {
    const system = await start();
    const other = system.another();
    await system.add('b', IDS);
    await system.drain();

    // The second fires when the first is at work: after its first look at what is due.
    let second: Promise<void> | undefined;
    system.network = async ({ headers }) => {
      const isLook = String(headers['x-amz-target']).endsWith('.Query');
      if (isLook && second === undefined) {
        second = system.sweep(other);
        await second;
      }
      return 'forward' as const;
    };
    await system.sweep();

    const count = (text: string) => system.logged.filter((line) => line.startsWith(text)).length;
    expect(count('sweep done')).toBe(1);
    expect(count('sweep skipped; another one is in progress')).toBe(1);
    expect(await system.work()).toBe(1);
    expect((await system.simulator.journal()).jobs).toHaveLength(1);
  });
});

describe(row(22), () => {
  /** How each service says that it is asked too much. */
  function throttled({ headers }: Received): Answer {
    const target = String(headers['x-amz-target'] ?? '');
    const json = (type: string) => ({ status: 400, body: JSON.stringify({ __type: type }) });
    if (target.startsWith('DynamoDB'))
      return json('com.amazonaws.dynamodb.v20120810#ThrottlingException');
    if (target.startsWith('AmazonSQS')) return json('com.amazonaws.sqs#RequestThrottled');
    const body = '<?xml version="1.0"?><Error><Code>SlowDown</Code><Message>no</Message></Error>';
    return { status: 503, headers: { 'content-type': 'application/xml' }, body };
  }

  it('tries again what is refused now and then', async () => {
    const system = await start({ plan: ['expired', 'completed'] });
    let requests = 0;
    system.network = (received) => {
      requests += 1;
      return requests % 9 === 0 ? throttled(received) : 'forward';
    };
    await system.add('b', IDS);

    await system.untilEnded('b');

    expect(requests).toBeGreaterThan(50);
    const batch = await system.batch('b');
    expect(batch).toMatchObject({ status: 'completed', attempt: 2, counts: { succeeded: 6 } });
    expect((await system.simulator.journal()).jobs).toHaveLength(2);
    await expectAccounted(system, 'b');
  });

  for (const service of ['the table', 'the queues', 'the bucket'] as const)
    it(`leaves nothing half done when ${service} refuses everything for a while`, async () => {
      const system = await start({ plan: ['expired', 'completed'] });
      await submitted(system, 'b');
      await system.advance(660);
      system.network = (received) =>
        serviceOf(received) === service ? throttled(received) : 'forward';
      for (let sweeps = 0; sweeps < 2; sweeps++) {
        await system.sweep().catch(() => undefined);
        await system.work();
        await system.advance(60);
      }

      system.network = () => 'forward';
      await system.untilEnded('b');

      const batch = await system.batch('b');
      expect(batch).toMatchObject({ status: 'completed', attempt: 2, counts: { succeeded: 6 } });
      expect((await system.simulator.journal()).jobs).toHaveLength(2);
      await expectAccounted(system, 'b');
    });
});

function serviceOf({ headers }: Received): 'the table' | 'the queues' | 'the bucket' {
  const target = String(headers['x-amz-target'] ?? '');
  if (target.startsWith('DynamoDB')) return 'the table';
  return target.startsWith('AmazonSQS') ? 'the queues' : 'the bucket';
}
