import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { localProviders } from '../../../local/providerKinds.ts';
import { awaitsInputExpiry } from '../../../shared/batch/lifecycle/ended.ts';
import { eventually } from '../fixtures/eventually.ts';
import { type QuietHandler, startQuietHandler } from '../fixtures/quietHandler.ts';
import { sdkSettings } from '../fixtures/toyAccess.ts';

let handler: QuietHandler;
let bus: EventBridgeClient;

beforeAll(async () => {
  handler = await startQuietHandler(
    // Longer than a look at a job that has not ended, also on a machine under load.
    { eventPlan: ['sent', 'lost', 'duplicate'], intervalSeconds: 6 },
    localProviders('bedrock'),
  );
  bus = new EventBridgeClient(sdkSettings(handler.stack));
});
afterAll(async () => {
  bus?.destroy();
  await handler?.stop();
});

// In the order of the plan: each is the next job that ends.

/** Tells the bus of the end of a job, as Bedrock would, and waits until all have done with it. */
async function tell(batchJobArn: string | undefined, status = 'Completed'): Promise<void> {
  const Detail = JSON.stringify({ version: '0.0', batchJobArn, status });
  const DetailType = 'Batch Inference Job State Change';
  await bus.send(
    new PutEventsCommand({ Entries: [{ Source: 'aws.bedrock', DetailType, Detail }] }),
  );
  await handler.idle();
}

test('a job that Bedrock says has ended reaches the processor without a sweep', async () => {
  await handler.run('told');

  expect(await handler.reaches('told', 'completed')).toMatchObject({
    status: 'completed',
    counts: { total: 2, succeeded: 2, failed: 0 },
    delivery: { invocations: 1 },
  });
});

test('an event of a job that runs, that is nobody’s or that ended long ago ends nothing', async () => {
  const told = await eventually(
    () => handler.get('told'),
    (batch) => batch?.dueAt === undefined || awaitsInputExpiry(batch),
  );
  const { job, submission } = await handler.run('lost');

  await tell(job?.id);
  await tell(`${job?.id}0`);
  await tell(told?.job?.id);

  expect(await handler.get('told')).toEqual(told);
  // It was looked at, and is what the provider says of it when it is asked: running.
  expect(await handler.get('lost')).toMatchObject({
    status: 'running',
    job: { id: job?.id, acceptedAt: expect.any(Number) },
    submission,
  });
});

test('an event that is lost leaves the job to the sweep', async () => {
  await eventually(
    async () => {
      await handler.sweep();
      return handler.get('lost');
    },
    (batch) => batch?.status !== 'running',
  );

  expect(await handler.reaches('lost', 'completed')).toMatchObject({
    status: 'completed',
    attempt: 1,
  });
});

test('an event that comes twice is taken once', async () => {
  await handler.run('twice');

  const ended = await handler.reaches('twice', 'completed');
  await handler.idle();

  expect(ended).toMatchObject({ status: 'completed', attempt: 1, delivery: { invocations: 1 } });
});
