import { describe, expect, it } from 'vitest';
import { upload, world } from '../../support/harness.ts';
import { requestLine } from '../../support/world.ts';

const DAY = 24 * 60 * 60 * 1000;

/** JSON that nests as deep as this. */
const nested = (depth: number) => `${'['.repeat(depth)}1${']'.repeat(depth)}`;

const request = (changes: object, body: object = {}) =>
  JSON.stringify({
    ...JSON.parse(requestLine('a')),
    ...changes,
    body: { ...JSON.parse(requestLine('a')).body, ...body },
  });

describe('a message beyond a bound is refused at once, with the value, the place and the fix', () => {
  it.each([
    [
      'an action named like a property of every object',
      { action: 'constructor' },
      'action "constructor" is unknown',
    ],
    [
      'an action named like a method',
      { action: 'toString', batchId: 'x' },
      'action "toString" is unknown',
    ],
    [
      'an action named like the prototype',
      '{"action":"__proto__","batchId":"x"}',
      'action "__proto__" is unknown',
    ],
    [
      'a notBefore in year 1',
      { notBefore: '0001-01-01T00:00:00Z' },
      'notBefore: 0001-01-01T00:00:00Z is more than 30 days ago',
    ],
    [
      'a notBefore in year 9999',
      { notBefore: '9999-12-31T00:00:00Z' },
      'notBefore: 9999-12-31T00:00:00Z is more than 30 days ahead',
    ],
    [
      'options that nest deep',
      `{"options":{"a":${nested(2_500)}}}`,
      'nests deeper than 256 levels',
    ],
    ['an action that nests deep', `{"action":${nested(100_000)}}`, 'nests deeper than 256 levels'],
    [
      'requests that nest deep',
      `{"requests":[{"body":${nested(5_000)}}]}`,
      'nests deeper than 256 levels',
    ],
    [
      'options of 9 KB',
      { options: { a: 'x'.repeat(9_000) } },
      'options: must have at most 8192 bytes',
    ],
    [
      'a file whose name is no text',
      '{"file":"s3://bucket/\\ud800.jsonl"}',
      'must be a key that S3 takes',
    ],
    [
      'a file with a name of 2,000 letters',
      { file: `s3://bucket/${'x'.repeat(2_000)}` },
      'must be a key that S3 takes',
    ],
    [
      'a file in a bucket with a name of 100 letters',
      { file: `s3://${'x'.repeat(100)}/k` },
      'must look like s3://bucket/key',
    ],
    ['a provider with a name of 5,000 letters', { provider: 'x'.repeat(5_000) }, 'provider: "xxx'],
    ['an endpoint of 5,000 letters', { endpoint: `/${'x'.repeat(5_000)}` }, 'endpoint: "/xxx'],
  ])('%s', async (_, message, reason) => {
    const w = world();
    await upload(w.objects, 'uploads/x.jsonl', [requestLine('a')]);
    const body = typeof message === 'string' ? message : { batchId: 'x', ...message };
    await w.send(body, 'm1');
    expect(w.deadLetters).toHaveLength(1);
    expect(w.deadLetters[0]?.reason).toContain(reason);
    expect(w.batches.all()).toEqual([]);
  });

  it('takes a notBefore that has passed while its message lay in a dead-letter queue', async () => {
    const w = world();
    const notBefore = new Date(w.dependencies.clock.now() - 20 * DAY).toISOString();
    await w.add('x', ['a'], { notBefore });
    await w.workAll();
    expect(w.deadLetters).toEqual([]);
    expect(w.batch('x').status).toBe('queued');
  });
});

describe('a line beyond a bound is a problem of that line', () => {
  it.each([
    [
      'nests deep',
      `{"custom_id":"a","method":"POST","url":"/v1/embeddings","body":{"model":"m","input":"x","a":${nested(2_500)}}}`,
      'nested_too_deeply',
    ],
    [
      'has an enum that nests deep',
      `{"custom_id":"a","method":"POST","url":"/v1/embeddings","body":{"model":"m","input":"x","tools":[{"function":{"name":"f","parameters":{"enum":[${nested(6_000)}]}}}]}}`,
      'nested_too_deeply',
    ],
    [
      'has a number that JSON cannot hold',
      requestLine('a').replace('"model"', '"top_p":1e999,"model"'),
      'number_out_of_range',
    ],
    [
      'has a model with a name of 50,000 letters',
      request({}, { model: 'x'.repeat(50_000) }),
      'invalid_model',
    ],
    [
      'has a model with a control character',
      requestLine('a').replace('"m"', '"m\\u0000"'),
      'invalid_model',
    ],
    ['has a model that is not text', requestLine('a').replace('"m"', '"\\ud800"'), 'invalid_model'],
    ['asks for a quadrillion tokens', request({}, { max_tokens: 9e15 }), 'invalid_max_tokens'],
    ['asks for a million answers', request({}, { max_tokens: 100, n: 1e6 }), 'invalid_n'],
  ])('%s', async (_, line, code) => {
    const w = world();
    await upload(w.objects, 'uploads/x.jsonl', [line, requestLine('b')]);
    await w.send({ batchId: 'x' });
    await w.workAll();
    const batch = w.batch('x');
    expect(batch.status).toBe('failed');
    expect(batch.reasons).toEqual([expect.objectContaining({ code, line: 1 })]);
    expect(JSON.stringify(batch.reasons).length).toBeLessThan(800);
  });

  it('a line whose check breaks is told, once, and not what it holds', async () => {
    const w = world();
    const { describe: described } = w.dependencies.providers;
    w.dependencies.providers.describe = async (name) => ({
      ...(await described(name)),
      checkRequest: () => {
        throw new RangeError('secret prompt');
      },
    });
    await w.add('x', ['a']);
    await w.workAll();
    expect(w.batch('x').status).toBe('failed');
    expect(w.batch('x').reasons).toMatchObject([{ code: 'unreadable_request', line: 1 }]);
    expect(JSON.stringify(w.batch('x'))).not.toContain('secret prompt');
  });
});

it.each(['constructor', 'toString', '__proto__', 'hasOwnProperty'])(
  'a model named %s runs like any other',
  async (model) => {
    const w = world();
    const line = JSON.stringify({
      custom_id: 'a',
      method: 'POST',
      url: '/v1/embeddings',
      body: { model, input: 'x' },
    });
    await upload(w.objects, 'uploads/x.jsonl', [line]);
    await w.send({ batchId: 'x' });
    await w.workAll();
    await w.sweep();
    await w.workAll();
    expect(w.batch('x').status).toBe('running');
    await w.sweep();
    await w.sweep();
    expect(w.metrics.get('SweepErrors')).toBeUndefined();
  },
);

describe('an inspection that never comes to its end', () => {
  async function untilEnd(w: ReturnType<typeof world>): Promise<number> {
    let claims = 0;
    for (let hour = 0; hour < 40 && w.batch('x').status === 'inspecting'; hour++) {
      w.advance(3_600);
      await w.sweep();
      claims += w.workQueue.length;
      await w.workAll();
    }
    return claims;
  }

  it('ends the batch after 20 failures, with the last one as its reason', async () => {
    const w = world();
    w.dependencies.objects.copy = async () => {
      throw new Error('the disk of the bucket is on fire');
    };
    await w.add('x', ['a']);
    await w.workAll();
    expect(await untilEnd(w)).toBe(19);
    expect(w.batch('x').status).toBe('failed');
    expect(w.batch('x').reasons.slice(-2)).toMatchObject([
      { code: 'work_failed', message: 'the disk of the bucket is on fire' },
      { code: 'inspection_failed', message: expect.stringContaining('20 inspections') },
    ]);
  });

  it('ends the batch after 20 workers that were killed', async () => {
    const w = world();
    // The worker's last write never happens.
    const { replace } = w.dependencies.batches;
    w.dependencies.batches.replace = async (batch) => {
      if ('claim' in batch && batch.claim) return replace(batch);
      if (batch.status === 'inspecting' && batch.failures === 0) return replace(batch);
      if (batch.status === 'failed') return replace(batch);
      throw new Error('killed');
    };
    await w.add('x', ['a']);
    const workAll = w.workAll;
    w.workAll = () => workAll().catch(() => {});
    await w.workAll();
    expect(await untilEnd(w)).toBe(19);
    expect(w.batch('x').status).toBe('failed');
  });
});
