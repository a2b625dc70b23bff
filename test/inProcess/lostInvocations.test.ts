import { afterEach, describe, expect, it } from 'vitest';
import { compose } from '../../inProcess/compose.ts';
import { repeatLostInvocations } from '../../inProcess/lostInvocations.ts';
import { checkOptions } from '../../inProcess/options.ts';
import { type Runs, startRuns } from './runs.ts';

let runs: Runs | undefined;
afterEach(async () => {
  await runs?.stop();
  runs = undefined;
});

/** A batch whose record says that it is in delivery, as a kill leaves it before the message is sent. */
async function killedInDelivery(given: Runs): Promise<void> {
  await given.add('b1', ['a', 'b']);
  given.database.exec(`CREATE TRIGGER lost BEFORE INSERT ON messages
    WHEN NEW.queue = 'processor' BEGIN SELECT RAISE(ABORT, 'lost'); END`);
  const handler = given.handler({
    onEvent: ({ to }) => void (to === 'delivering' && handler.stop()),
  });
  await handler.run();
  await handler.close();
  given.database.exec('DROP TRIGGER lost');
}

describe('a delivery whose invocation was lost', () => {
  it('is invoked again in the next run, once', async () => {
    runs = await startRuns();
    await killedInDelivery(runs);
    expect(await runs.batches.get('b1')).toMatchObject({
      ...{ status: 'delivering', delivery: { attempt: 1, pending: true } },
    });
    expect(runs.queues.depth('processor') + runs.queues.depth('outcome')).toBe(0);
    const deliveries: number[] = [];
    const handler = runs.handler({
      process: async ({ event }) => void deliveries.push(event.deliveryAttempt),
    });

    await handler.run({ untilIdle: true });

    expect(deliveries).toEqual([1]);
    expect((await runs.batches.get('b1'))?.status).toBe('completed');
  });

  it.each([
    ['waits for a place', 'processor', (batchId: string) => ({ batchId })],
    ['has an outcome to record', 'outcome', (batchId: string) => ({ requestPayload: { batchId } })],
  ] as const)('is not one that %s', async (_, queue, body) => {
    runs = await startRuns();
    await killedInDelivery(runs);
    const { database, dependencies } = compose(
      checkOptions({
        ...{ directory: runs.directory, process: async () => {} },
        providers: { openai: { kind: 'openai', apiKey: 'sk-test' } },
      }),
      () => {},
    );
    runs.queues.send(queue, JSON.stringify(body('b1')));
    const depth = runs.queues.depth('processor');

    await repeatLostInvocations(database, dependencies);

    expect(runs.queues.depth('processor')).toBe(depth);
    database.close();
  });
});
