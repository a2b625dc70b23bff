import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Context, SQSEvent } from 'aws-lambda';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { RuntimePorts } from '../../functions/ports.ts';
import { createHandlers, createRuntime } from '../../functions/runtime.ts';
import { omitUndefined } from '../../shared/omitUndefined.ts';
import { MemoryLanes } from '../../simulators/memory/lanes.ts';
import { requestLine, upload, type World, world } from '../support/world.ts';

let directory: string;
let w: World;
beforeEach(() => {
  w = world();
  directory = mkdtempSync(join(tmpdir(), 'runtime-'));
  const settings = { providers: { openai: { kind: 'openai' } } };
  writeFileSync(join(directory, 'settings.json'), JSON.stringify(settings));
  vi.stubEnv('LAMBDA_TASK_ROOT', directory);
  vi.stubEnv('PROCESSOR_ARN', 'arn:aws:lambda:eu-west-1:123456789012:function:processor');
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(directory, { recursive: true });
});

/** Every port that keeps something, in memory. */
function memoryPorts(): RuntimePorts {
  const { batches, providerStates, sweepLock, queues, bus, clock, log, metrics } = w.dependencies;
  const lanes = new MemoryLanes();
  return {
    ...{ batches, providerStates, sweepLock, queues, bus, clock, log, metrics },
    ...{ lanes: lanes.laneStore(), requests: lanes.register(), objects: w.objects },
    webhookRegister: { register: async () => true },
  };
}

const CONTEXT = { getRemainingTimeInMillis: () => 60_000 } as Context;

function eventOf(body: object): SQSEvent {
  const attributes = { SentTimestamp: '1', ApproximateReceiveCount: '1', SenderId: 'me' };
  const record = { body: JSON.stringify(body), messageId: 'm', attributes };
  return { Records: [record] } as unknown as SQSEvent;
}

it('handles a message with all ports replaced, and needs no name of a table, bucket or queue', async () => {
  await upload(w.objects, 'uploads/b.jsonl', [requestLine('r')]);
  const { intake } = createHandlers(memoryPorts());

  expect(await intake(eventOf({ batchId: 'b' }), CONTEXT)).toEqual({ batchItemFailures: [] });

  expect(w.batch('b')).toMatchObject({ status: 'inspecting' });
  expect(w.workQueue).toEqual([expect.objectContaining({ action: 'inspect', batchId: 'b' })]);
});

it('handles messages of any queue: inspects the input, then sweeps', async () => {
  await upload(w.objects, 'uploads/b.jsonl', [requestLine('r')]);
  const runtime = createRuntime(memoryPorts());
  const now = w.dependencies.clock.now();

  const delivery = { messageId: 'm', sentAt: now, receiveCount: 1 };
  await runtime.receiveBatchMessage({ ...delivery, body: JSON.stringify({ batchId: 'b' }) });
  const work = { body: JSON.stringify(w.workQueue.pop()), messageId: 'w' };
  await runtime.receiveWork(work, now + 60_000);
  expect(w.batch('b')).toMatchObject({ status: 'queued', input: { requests: 1 } });

  await runtime.sweep(now + 60_000);
  expect(w.logged.join('\n')).toContain('sweep');
  await runtime.receiveOutcome('{}');
  expect(w.logged.join('\n')).toContain('ignored: not a delivery outcome');
});

it.each([
  ['the name of the entry', '{}', 'openai'],
  ['the secret that the entry was given', '{"openai":"arn:mine"}', 'arn:mine'],
])('a replaced port secrets is asked for a credential by %s', async (_what, given, expected) => {
  vi.stubEnv('SECRET_ARNS', given);
  const asked: string[] = [];
  const secrets = { get: async (id: string) => void asked.push(id) };
  await upload(w.objects, 'uploads/b.jsonl', [requestLine('r')]);
  const runtime = createRuntime({ ...memoryPorts(), secrets });
  const now = w.dependencies.clock.now();
  const work = () => ({ body: JSON.stringify(w.workQueue.pop()), messageId: 'w' });
  const delivery = { messageId: 'm', sentAt: now, receiveCount: 1 };

  await runtime.receiveBatchMessage({ ...delivery, body: JSON.stringify({ batchId: 'b' }) });
  await runtime.receiveWork(work(), now + 60_000);
  await runtime.sweep(now + 60_000);
  await runtime.receiveWork(work(), now + 60_000);

  expect(new Set(asked)).toEqual(new Set([expected]));
});

it('makes ports of the deployment at the first call, once', async () => {
  const made: unknown[] = [];
  const ports = memoryPorts();
  const { intake } = createHandlers({
    ...ports,
    objects: (deployment) => {
      made.push(deployment);
      return w.objects;
    },
  });
  expect(made).toEqual([]);

  await intake(eventOf({ batchId: 'b' }), CONTEXT);
  await intake(eventOf({ batchId: 'c' }), CONTEXT);

  expect(made).toEqual([
    {
      ...{ tableName: undefined, bucketName: undefined, inputBuckets: [], shards: 1 },
      policy: expect.objectContaining({ maxDeliveries: expect.any(Number) }),
    },
  ]);
});

it.each([
  ['batches alone', ['batches'], ['BUCKET_NAME', 'TABLE_NAME', 'BATCH_QUEUE_URL']],
  ['all but the bus', ['bus'], ['EVENT_BUS_NAME']],
])(
  'with %s replaced, it names the variables that the others need',
  async (_what, names, needed) => {
    const all = Object.entries(memoryPorts());
    const isOne = names[0] === 'batches';
    const given = all.filter(([name]) => names.includes(name) === isOne);
    const runtime = createRuntime(Object.fromEntries(given));

    const failure: Error = await runtime.sweep(0).catch((error) => error);

    for (const name of needed) expect(failure.message).toContain(name);
    if (!isOne) expect(failure.message).not.toContain('TABLE_NAME');
  },
);

it.each([
  [
    'batches,secrets',
    'runtime.replaces names secrets, which it does not give; it gives objects, which runtime.replaces does not name',
  ],
  ['batches', 'it gives objects, which runtime.replaces does not name'],
  ['batches,objects,bus', 'runtime.replaces names bus, which it does not give'],
])('with %s declared in the construct, it says how the ports differ', async (declared, reason) => {
  vi.stubEnv('REPLACED_PORTS', declared);
  const { batches, objects } = memoryPorts();
  const runtime = createRuntime(omitUndefined({ batches, objects }));

  await expect(runtime.sweep(0)).rejects.toThrow(reason);
});
