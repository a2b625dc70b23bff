import { fork } from 'node:child_process';
import { once as nextEvent } from 'node:events';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, ScanCommand } from '@aws-sdk/lib-dynamodb';
import type { Context } from 'aws-lambda';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { defineProcessor, type ProcessorEvent } from '../../../shared/processor/index.ts';
import { clientSettings, type Emulators, startEmulators } from '../../support/emulators.ts';
import {
  type Answer,
  type BadNetwork,
  type Received,
  startProxy,
} from '../../support/emulatorsProxy.ts';
import { deliveryOf } from './deliveryOf.ts';

const MINUTE_MS = 60_000;

let emulators: Emulators;
let proxy: BadNetwork;
let dynamodb: DynamoDBDocumentClient;
let decide: (received: Received) => Answer;
let event: ProcessorEvent;

beforeAll(async () => {
  emulators = await startEmulators();
});
afterAll(() => emulators.stop());
beforeEach(async () => {
  const tableName = `table-${crypto.randomUUID()}`;
  await emulators.createTable(tableName);
  event = deliveryOf({ table: tableName });
  decide = () => 'forward';
  proxy = await startProxy(emulators.tableUrl, (received) => decide(received));
  dynamodb = DynamoDBDocumentClient.from(new DynamoDBClient(clientSettings(proxy.url)));
});
afterEach(async () => {
  vi.useRealTimers();
  dynamodb.destroy();
  await proxy.close();
});

/** A processor that notes whom it ran for, and fails or waits as `effect` does. */
function processorThat(effect: () => unknown = () => undefined, once = true) {
  const runs: string[] = [];
  const handler = defineProcessor(
    async (batch) => {
      runs.push(batch.deliveryId);
      await effect();
    },
    { once, dynamodb },
  );
  /** @param remainingMs too short to wait for anybody, unless a test says otherwise */
  const invoke = (delivery: ProcessorEvent = event, remainingMs = 1_000) =>
    handler(delivery, { getRemainingTimeInMillis: () => remainingMs } as Context);
  return { runs, invoke };
}

/** An effect that tells when it has begun, and ends when the test says so. */
function gate() {
  const begun = Promise.withResolvers<void>();
  const end = Promise.withResolvers<void>();
  return {
    begun: begun.promise,
    end: end.resolve,
    fail: end.reject,
    effect: () => {
      begun.resolve();
      return end.promise;
    },
  };
}

const records = async () =>
  (await emulators.table.send(new ScanCommand({ TableName: event.table }))).Items ?? [];
const operation = ({ headers }: Received) => String(headers['x-amz-target']).split('.')[1];
/** Only the time that code reads: timers and the network go on. */
function advance(ms: number): void {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + ms });
}

describe('a delivery that comes again', () => {
  it('returns at once when its effect has happened', async () => {
    const processor = processorThat();

    await processor.invoke();
    await processor.invoke({ ...event, deliveryAttempt: 2 });

    expect(processor.runs).toEqual([event.deliveryId]);
  });

  it('leaves a record that outlives every repetition, and then goes', async () => {
    await processorThat().invoke();

    const [record, ...others] = await records();
    expect(record).toMatchObject({ id: `once#${event.deliveryId}`, state: 'done' });
    const days = (Number(record?.expiresAt) - Date.now() / 1000) / (24 * 60 * 60);
    expect(Math.round(days)).toBe(90);
    expect(others).toEqual([]);
  });

  it('runs again when its effect has failed', async () => {
    const failing = processorThat(() => Promise.reject(new Error('the effect failed')));
    const processor = processorThat();

    await expect(failing.invoke()).rejects.toThrow('the effect failed');
    expect(await records()).toEqual([]);
    await processor.invoke({ ...event, deliveryAttempt: 2 });

    expect(processor.runs).toEqual([event.deliveryId]);
  });

  it('is not another delivery, of the same batch or of another one', async () => {
    const { effect, begun, end } = gate();
    const first = processorThat(effect);
    const running = first.invoke();
    await begun;
    const processor = processorThat();

    await processor.invoke({ ...event, deliveryId: 'bh0123456789abcdef-delivery-2' });
    await processor.invoke({ ...event, deliveryId: 'bhfedcba9876543210-delivery-1' });

    expect(processor.runs).toHaveLength(2);
    end();
    await running;
  });
});

describe('while a delivery is in progress, another invocation of it', () => {
  it('does not run, of many that come at the same time', async () => {
    const processor = processorThat();

    const ended = await Promise.allSettled(
      Array.from({ length: 20 }, () => processor.invoke(event, MINUTE_MS)),
    );

    expect(processor.runs).toHaveLength(1);
    expect(ended.map(({ status }) => status)).toEqual(Array(20).fill('fulfilled'));
  });

  it('throws when it has no time to wait', async () => {
    const { effect, begun, end } = gate();
    const processor = processorThat(effect);
    const first = processor.invoke();
    await begun;

    await expect(processor.invoke()).rejects.toThrow(
      /^delivery \S+ is in progress in another invocation, until \S+ at the latest/,
    );

    end();
    await first;
    expect(processor.runs).toHaveLength(1);
  });

  it('waits, and returns when the effect has happened', async () => {
    const { effect, begun, end } = gate();
    const processor = processorThat(effect);
    const first = processor.invoke(event, MINUTE_MS);
    await begun;
    // The end of the first waits for the second's first look.
    let looks = 0;
    decide = (received) => {
      if (operation(received) === 'GetItem' && ++looks === 2) end();
      return 'forward';
    };

    await processor.invoke({ ...event, deliveryAttempt: 2 }, MINUTE_MS);
    await first;

    expect(processor.runs).toHaveLength(1);
  });

  it('waits, and throws when the effect has failed, to be delivered again', async () => {
    const { effect, begun, fail } = gate();
    const processor = processorThat(effect);
    const first = expect(processor.invoke(event, MINUTE_MS)).rejects.toThrow('it failed');
    await begun;
    let looks = 0;
    decide = (received) => {
      if (operation(received) === 'GetItem' && ++looks === 2) fail(new Error('it failed'));
      return 'forward';
    };

    await expect(processor.invoke(event, MINUTE_MS)).rejects.toThrow('ended without its effect');
    await first;

    expect(processor.runs).toHaveLength(1);
  });
});

describe('a function that is killed in the middle', () => {
  /** A process that is killed within its effect. */
  async function crash(remainingMs: number): Promise<void> {
    const child = fork(new URL('killedProcessor.ts', import.meta.url), {
      env: {
        ...process.env,
        AWS_ENDPOINT_URL_DYNAMODB: emulators.tableUrl,
        AWS_REGION: 'us-east-1',
        AWS_ACCESS_KEY_ID: 'test',
        AWS_SECRET_ACCESS_KEY: 'test',
        DELIVERY: JSON.stringify(event),
        REMAINING_MS: String(remainingMs),
      },
    });
    const [code, signal] = await nextEvent(child, 'exit');
    expect([code, signal]).toEqual([null, 'SIGKILL']);
  }

  it('holds the delivery no longer than its own time and a margin', async () => {
    await crash(MINUTE_MS);
    const processor = processorThat();

    await expect(processor.invoke()).rejects.toThrow('is in progress in another invocation');
    advance(MINUTE_MS);
    await expect(processor.invoke()).rejects.toThrow('is in progress in another invocation');
    advance(15_000);
    await processor.invoke();

    expect(processor.runs).toEqual([event.deliveryId]);
    await processor.invoke();
    expect(processor.runs).toHaveLength(1);
  });

  it('is waited for, and its delivery not taken over with the time that is left', async () => {
    await crash(MINUTE_MS);
    const processor = processorThat();
    let looks = 0;
    decide = (received) => {
      if (operation(received) === 'GetItem' && ++looks === 2) advance(MINUTE_MS + 15_000);
      return 'forward';
    };

    await expect(processor.invoke(event, 2 * MINUTE_MS)).rejects.toThrow('without its effect');
    expect(processor.runs).toEqual([]);
    await processor.invoke({ ...event, deliveryAttempt: 3 });

    expect(processor.runs).toHaveLength(1);
  });

  it('and comes back to life after another has taken over, does not undo what that has done', async () => {
    const { effect, begun, fail } = gate();
    const frozen = processorThat(effect);
    const first = frozen.invoke();
    await begun;
    advance(MINUTE_MS);
    const processor = processorThat();
    await processor.invoke();

    fail(new Error('it woke up'));

    await expect(first).rejects.toThrow('it woke up');
    await processor.invoke();
    expect(processor.runs).toHaveLength(1);
  });
});

describe('a network that loses the reply', () => {
  it.each([
    ['claim', 1],
    ['record of the effect', 2],
  ])('to the %s changes nothing', async (_what, nth) => {
    let puts = 0;
    decide = (received) =>
      operation(received) === 'PutItem' && ++puts === nth ? 'lose reply' : 'forward';
    const processor = processorThat();

    await processor.invoke();
    await processor.invoke();

    expect(puts).toBeGreaterThan(nth);
    expect(processor.runs).toHaveLength(1);
  });

  it('to the release has the next delivery run', async () => {
    let deletes = 0;
    decide = (received) =>
      operation(received) === 'DeleteItem' && ++deletes === 1 ? 'lose reply' : 'forward';
    const warnings: string[] = [];
    const hear = ({ message }: Error) => void warnings.push(message);
    process.on('warning', hear);
    const failing = processorThat(() => Promise.reject(new Error('the effect failed')));

    await expect(failing.invoke()).rejects.toThrow('the effect failed');
    const processor = processorThat();
    await processor.invoke();

    process.off('warning', hear);
    expect([processor.runs.length, deletes, warnings]).toEqual([1, 2, []]);
  });
});

describe('a table that refuses', () => {
  const refusal: Answer = {
    status: 400,
    headers: { 'content-type': 'application/x-amz-json-1.0' },
    body: JSON.stringify({ __type: 'AccessDeniedException', message: 'not allowed' }),
  };

  it('the claim keeps the processor from running', async () => {
    decide = () => refusal;
    const processor = processorThat();

    await expect(processor.invoke()).rejects.toThrow('not allowed');

    expect(processor.runs).toEqual([]);
  });

  it('the record of an effect is a warning: a failure would have it happen again', async () => {
    const warned = nextEvent(process, 'warning');
    let puts = 0;
    decide = (received) =>
      operation(received) === 'PutItem' && ++puts === 2 ? refusal : 'forward';

    await processorThat().invoke();

    const [{ message }] = await warned;
    expect(message).toBe(
      `delivery ${event.deliveryId}: its effect has happened and was not recorded: not allowed`,
    );
  });
});

it('a processor that does not ask for it makes no call to the table', async () => {
  const processor = processorThat(undefined, false);

  await processor.invoke();
  await processor.invoke();

  expect(processor.runs).toHaveLength(2);
  expect(proxy.received).toEqual([]);
  expect(await records()).toEqual([]);
});
