import type { Context } from 'aws-lambda';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { answerOf, type Delivery, requestOf, startDelivery } from '../support/delivery.ts';

const CONTEXT = {} as Context;
const REFUSED = {
  id: 'row-b',
  custom_id: 'b',
  response: {
    status_code: 400,
    request_id: 'req-b',
    body: { error: { code: 'bad', message: 'no "good"' } },
  },
  error: null,
};

let delivery: Delivery;
let handler: typeof import('../../examples/processor/index.ts').handler;
beforeAll(async () => {
  delivery = await startDelivery();
  vi.stubEnv('AWS_ENDPOINT_URL_S3', delivery.url);
  vi.stubEnv('AWS_REGION', 'us-east-1');
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
  // Its client is made when it is loaded, as on Lambda.
  ({ handler } = await import('../../examples/processor/index.ts'));
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await delivery.stop();
});

const linesOf = (...lines: readonly string[]) => lines.map((line) => `${line}\r\n`).join('');

describe('the example processor', () => {
  it('writes answers and errors as CSV, the same when it comes again', async () => {
    const event = await delivery.deliver({
      batchId: 'letters',
      input: ['a', 'b', 'c'].map((id) => requestOf(id)),
      results: [answerOf('a', 'yes, "really"\nso'), answerOf('c', '=1+1')],
      errors: [REFUSED],
    });
    for (const deliveryAttempt of [1, 2]) {
      await handler({ ...event, deliveryAttempt }, CONTEXT);
      expect(await delivery.read('processed/letters.csv')).toBe(
        linesOf(
          'custom_id,answer,input_tokens,output_tokens',
          'a,"yes, ""really""\nso",3,2',
          "c,'=1+1,3,2",
        ),
      );
      const request = JSON.stringify(requestOf('b').body).replaceAll('"', '""');
      expect(await delivery.read('processed/errors/letters.csv')).toBe(
        linesOf('custom_id,code,message,request', `b,bad,"no ""good""","${request}"`),
      );
    }
  });

  it.each([
    ['/v1/completions', { choices: [{ text: 'done' }] }, 'done'],
    [
      '/v1/responses',
      { output: [{ type: 'reasoning' }, { content: [{ text: 'do' }, { text: 'ne' }] }] },
      'done',
    ],
    ['/v1/embeddings', { data: [1] }, '"{""data"":[1]}"'],
    ['/v1/chat/completions without a text', { choices: [{ message: { content: null } }] }, ''],
  ])('understands the answers of %s', async (_, body, expected) => {
    const response = { status_code: 200, request_id: 'r', body };
    const event = await delivery.deliver({
      batchId: 'endpoints',
      input: [requestOf('a')],
      results: [{ id: 'r', custom_id: 'a', response, error: null }],
      errors: [],
    });
    await handler(event, CONTEXT);
    expect(await delivery.read('processed/endpoints.csv')).toContain(`\r\na,${expected},0,0\r\n`);
  });

  it('writes more than one part', async () => {
    const ids = Array.from({ length: 90 }, (_, index) => `id-${index}`);
    const event = await delivery.deliver({
      batchId: 'large',
      input: ids.map((id) => requestOf(id)),
      results: ids.map((id) => answerOf(id, 'x'.repeat(100_000))),
      errors: [],
    });
    await handler(event, CONTEXT);
    const written = await delivery.read('processed/large.csv');
    expect(written.split('\r\n')).toHaveLength(92);
    expect(written.length).toBeGreaterThan(9_000_000);
  });

  it('logs counts, and no word of the requests or the answers', async () => {
    const event = await delivery.deliver({
      input: [requestOf('a', 'secret question')],
      results: [answerOf('a', 'secret answer')],
      errors: [],
    });
    const output = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    try {
      await handler(event, CONTEXT);
      const logged = output.mock.calls.join('');
      expect(logged).toContain('"succeeded":1');
      expect(logged).not.toContain('secret');
    } finally {
      output.mockRestore();
    }
  });
});
