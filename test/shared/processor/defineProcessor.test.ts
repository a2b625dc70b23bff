import type { Context } from 'aws-lambda';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type DeliveredBatch,
  defineProcessor,
  type ProcessorEvent,
} from '../../../shared/processor/index.ts';
import type { ItemTable, WrittenItem } from '../../../shared/stores/itemTable.ts';
import { MemoryBucket } from '../../../simulators/memory/bucket.ts';
import { answerOf, type Delivery, requestOf, s3At, startDelivery } from '../../support/delivery.ts';
import { type Answer, startProxy, times } from '../../support/emulatorsProxy.ts';
import { all } from '../../support/streams.ts';
import { upload } from '../../support/world.ts';
import { deliveryOf } from './deliveryOf.ts';

const CONTEXT = { awsRequestId: 'request' } as Context;
const EXPIRED = {
  id: null,
  custom_id: 'c',
  response: null,
  error: { code: 'batch_expired', message: 'it expired' },
};
const REFUSED = {
  id: 'row-d',
  custom_id: 'd',
  response: {
    status_code: 400,
    request_id: 'req-d',
    body: { error: { code: 'context_length_exceeded', message: 'too long', type: 'x' } },
  },
  error: null,
};
const ROWS = {
  input: ['a', 'b', 'c', 'd'].map((id) => requestOf(id)),
  results: [answerOf('a'), answerOf('b')],
  errors: [EXPIRED, REFUSED],
};

let delivery: Delivery;
beforeAll(async () => {
  delivery = await startDelivery();
});
afterAll(() => delivery.stop());

/** What `look` sees of the batch, through a processor as Lambda calls it. */
async function seen<T>(
  event: ProcessorEvent,
  look: (batch: DeliveredBatch) => Promise<T>,
  s3 = delivery.s3,
): Promise<T> {
  const found: T[] = [];
  const handler = defineProcessor(async (batch) => void found.push(await look(batch)), { s3 });
  await handler(event, CONTEXT);
  return found[0] as T;
}

describe('a processor sees', () => {
  it('the fields of the event', async () => {
    const event = await delivery.deliver(ROWS);
    const batch = await seen(event, async (delivered) => delivered);
    expect(batch).toMatchObject({
      event,
      batchId: 'b1',
      deliveryId: event.deliveryId,
      metadata: { team: 'support' },
      counts: { total: 4, succeeded: 2, failed: 2 },
    });
  });

  it('each result with its request', async () => {
    const results = await seen(await delivery.deliver(ROWS), (batch) => all(batch.results()));
    expect(results).toEqual(
      ['a', 'b'].map((id) => ({
        customId: id,
        request: requestOf(id),
        response: answerOf(id).response,
        usage: { inputTokens: 3, outputTokens: 2, totalTokens: 5 },
      })),
    );
  });

  it('each error with its request, and why', async () => {
    const errors = await seen(await delivery.deliver(ROWS), (batch) => all(batch.errors()));
    expect(errors).toEqual([
      { customId: 'c', request: requestOf('c'), response: null, error: EXPIRED.error },
      {
        customId: 'd',
        request: requestOf('d'),
        response: REFUSED.response,
        error: { code: 'context_length_exceeded', message: 'too long' },
      },
    ]);
  });

  it('the status of an error that says nothing', async () => {
    const response = { status_code: 503, request_id: 'r', body: '<html>' };
    const errors = [{ id: 'r', custom_id: 'a', response, error: null }];
    const event = await delivery.deliver({ input: [requestOf('a')], results: [], errors });
    const [found] = await seen(event, (batch) => all(batch.errors()));
    expect(found?.error).toEqual({
      code: 'http_503',
      message: 'the provider answered with status 503',
    });
  });

  it('every request with its row, in the order of the input', async () => {
    const input = ['c', 'a', 'd', 'b'].map((id) => requestOf(id));
    const event = await delivery.deliver({ ...ROWS, input });
    const rows = await seen(event, (batch) => all(batch.rows()));
    expect(rows.map((row) => [row.customId, 'error' in row])).toEqual([
      ['c', true],
      ['a', false],
      ['d', true],
      ['b', false],
    ]);
    const requests = await seen(event, (batch) => all(batch.requests()));
    expect(requests).toEqual(input);
  });

  it('nothing in empty files', async () => {
    const event = await delivery.deliver({ input: [], results: [], errors: [] });
    expect(await seen(event, async (batch) => [...(await all(batch.results())), 'end'])).toEqual([
      'end',
    ]);
    expect(await seen(event, (batch) => all(batch.errors()))).toEqual([]);
    expect(await seen(event, (batch) => all(batch.rows()))).toEqual([]);
  });

  it('more batches than it has connections, though it never reads one to its end', async () => {
    const text = 'x'.repeat(10_000);
    const ids = Array.from({ length: 100 }, (_, index) => `id-${index}`);
    const event = await delivery.deliver({
      input: ids.map((id) => requestOf(id, text)),
      results: ids.map((id) => answerOf(id, text)),
      errors: [],
    });
    for (let round = 0; round < 60; round++) {
      const first = await seen(event, async (batch) => {
        for await (const { customId } of batch.rows()) return customId;
        return undefined;
      });
      expect(first).toBe('id-0');
    }
  });

  it('an error when rows are missing', async () => {
    const event = await delivery.deliver({ ...ROWS, errors: [EXPIRED] });
    const reading = seen(event, (batch) => all(batch.rows()));
    await expect(reading).rejects.toThrow('request d has no row: batch b1 is damaged');
  });
});

describe('a connection that breaks', () => {
  const text = 'x'.repeat(100_000);
  const rows = { input: [requestOf('a', text)], results: [answerOf('a', text)], errors: [] };

  async function readThrough(decide: () => Answer) {
    const event = await delivery.deliver(rows);
    const proxy = await startProxy(delivery.url, decide);
    const s3 = s3At(proxy.url);
    try {
      return await seen(event, (batch) => all(batch.results()), s3);
    } finally {
      s3.destroy();
      await proxy.close();
    }
  }

  it('is taken up again where it broke', async () => {
    const [row] = await readThrough(times(2, { cutAfter: 50_000 }));
    expect(row?.response.body).toEqual(answerOf('a', text).response.body);
  });

  it('throws when it breaks again and again, so that no row is lost in silence', async () => {
    await expect(readThrough(() => ({ cutAfter: 0 }))).rejects.toThrow('broke off at byte 0');
  });
});

describe('the handler', () => {
  it('throws what the processor throws', async () => {
    const event = await delivery.deliver(ROWS);
    const failing = seen(event, () => Promise.reject(new Error('the effect failed')));
    await expect(failing).rejects.toThrow('the effect failed');
  });

  it('returns nothing, whatever the processor returns, and hands on the context', async () => {
    const event = await delivery.deliver(ROWS);
    const contexts: Context[] = [];
    const handler = defineProcessor(
      async (_, context) => {
        contexts.push(context);
        return 'something large' as never;
      },
      { s3: delivery.s3 },
    );
    expect(await handler(event, CONTEXT)).toBeUndefined();
    expect(contexts).toEqual([CONTEXT]);
  });

  it.each([
    ['nothing', undefined, 'event is missing: must be an object'],
    ['a test event of the console', { key1: 'value1' }, 'event.version'],
    ['an event of a newer version', { version: 2 }, 'event.version'],
  ])('refuses %s', async (_, event, expected) => {
    const refused = seen(event as unknown as ProcessorEvent, async () => undefined);
    await expect(refused).rejects.toThrow(`not a delivery of a batch: ${expected}`);
  });

  it('names the field that is wrong', async () => {
    const event = { ...(await delivery.deliver(ROWS)), results: { bucket: 'batches' } };
    const refused = seen(event as ProcessorEvent, async () => undefined);
    await expect(refused).rejects.toThrow('event.results.key');
  });
});

describe('a processor of a handler with replaced ports', () => {
  it('reads the rows by the port objects, whose keys have no prefix', async () => {
    const bucket = new MemoryBucket();
    const objects = { ...bucket.store(), prefix: 'mine/' };
    await upload(objects, 'batches/b/input.jsonl', [JSON.stringify(requestOf('a'))]);
    await upload(objects, 'batches/b/results.jsonl', [JSON.stringify(answerOf('a'))]);
    const at = (name: string) => ({ bucket: objects.bucket, key: `mine/batches/b/${name}.jsonl` });
    const event = deliveryOf({ input: at('input'), results: at('results') });
    const found: string[] = [];
    const handler = defineProcessor(
      async (batch) => {
        for await (const { customId } of batch.results()) found.push(customId);
      },
      { objects },
    );

    await handler(event, CONTEXT);

    expect(found).toEqual(['a']);
    const elsewhere = deliveryOf({ input: { bucket: 'other', key: 'k' } });
    await expect(handler(elsewhere, CONTEXT)).rejects.toThrow(
      `k is in other, and the option objects reads ${objects.bucket}`,
    );
  });

  it('keeps the records of once in the port items', async () => {
    const items = new Map<string, WrittenItem>();
    const table = {
      get: async (id: string) => items.get(id),
      put: async (item: WrittenItem) => Boolean(items.set(item.id, item)),
    } as unknown as ItemTable;
    let runs = 0;
    const handler = defineProcessor(async () => void runs++, { once: true, items: table });
    const event = deliveryOf({ table: '' });
    const context = { getRemainingTimeInMillis: () => 60_000 } as Context;

    await handler(event, context);
    await handler(event, context);

    expect(runs).toBe(1);
    expect([...items.keys()]).toEqual([`once#${event.deliveryId}`]);
  });

  it('says what once needs without a table', async () => {
    const handler = defineProcessor(async () => {}, { once: true });

    await expect(handler(deliveryOf({ table: '' }), CONTEXT)).rejects.toThrow(
      'give defineProcessor the option items',
    );
  });
});
