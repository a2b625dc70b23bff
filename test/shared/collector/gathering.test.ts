import { describe, expect, it } from 'vitest';
import { collectorWorld, request } from '../../support/collectorWorld.ts';

const ids = (count: number, prefix = 'r') => Array.from({ length: count }, (_, i) => prefix + i);

describe('single requests become batches', () => {
  it('of all that have arrived when the window reaches its age', async () => {
    const c = collectorWorld({ maxAgeSeconds: 300, priority: 7, metadata: { team: 'search' } });
    for (const id of ids(3)) c.send(request(id));
    await c.deliver();
    c.world.advance(299);
    await c.sweep();
    expect(c.queue).toEqual([]);
    c.world.advance(1);
    await c.sweep();
    await c.deliver();
    expect(c.world.batchQueue.map(({ body }) => JSON.parse(body))).toEqual([
      expect.objectContaining({
        ...{ action: 'collected', provider: 'openai', endpoint: '/v1/embeddings' },
        ...{ priority: 7, metadata: { team: 'search' } },
      }),
    ]);
    await c.settle();
    expect(Object.values(c.batches())).toEqual([ids(3)]);
    expect(c.lanes.all()).toMatchObject([{ sealed: [], next: 2 }]);
  });

  it('of maxRequests each, filled to the last place', async () => {
    const c = collectorWorld({ maxRequests: 4 });
    for (const id of ids(3, 'a')) c.send(request(id));
    await c.deliver();
    for (const id of ids(7, 'b')) c.send(request(id));
    await c.settle();
    expect(Object.values(c.batches())).toEqual([
      ['a0', 'a1', 'a2', 'b0'],
      ['b1', 'b2', 'b3', 'b4'],
      ['b5', 'b6'],
    ]);
  });

  it('of no more bytes than a job may have', async () => {
    const c = collectorWorld();
    const bytes = Buffer.byteLength(JSON.stringify(request('r0'))) + 1;
    Object.assign(c.world.provider, {
      limits: { ...c.world.provider.limits, maxBytes: bytes * 2.5 },
    });
    for (const id of ids(5)) c.send(request(id));
    c.send(request('large', { body: { model: 'm', input: 'x'.repeat(bytes * 3) } }));
    await c.deliver();
    expect(c.queue).toEqual([]);
    await c.settle();
    expect(Object.values(c.batches())).toEqual([['r0', 'r1'], ['r2', 'r3'], ['r4']]);
    expect(c.deadLetters[0]?.reason).toContain('request_too_large');
  });

  it('of one model and endpoint each', async () => {
    const c = collectorWorld();
    c.send(request('r0'));
    c.send(request('r1', { body: { model: 'other', input: 'x' } }));
    c.send(request('r2', { url: '/v1/chat/completions' }));
    c.send(request('r3'));
    await c.settle();
    expect(Object.values(c.batches()).sort()).toEqual([['r0', 'r3'], ['r1'], ['r2']]);
  });

  it('whatever the request holds, byte for byte as JSON', async () => {
    const c = collectorWorld();
    const body = { model: 'm', input: 'ü\u2028\n"\ud800', temperature: 1e-7 };
    c.send(JSON.stringify(request('r0', { body, provider: 'openai' }), null, 2));
    await c.settle();
    const [batch] = c.world.batches.all();
    const line = String(c.world.bucket.objects.get(batch?.spec.source.key ?? ''));
    expect(JSON.parse(line)).toEqual(request('r0', { body }));
    expect(line.indexOf('\n')).toBe(line.length - 1);
  });

  it('also if a message points to them', async () => {
    const c = collectorWorld();
    const key = 'uploads/messages/big.json';
    const writer = c.world.objects.writer(key);
    await writer.write(Buffer.from(JSON.stringify(request('big'))));
    await writer.close();
    c.send({ action: 'pointer', key });
    await c.settle();
    expect(Object.values(c.batches())).toEqual([['big']]);
  });
});

it('requests that could not be written return to the queue, and the others do not', async () => {
  const c = collectorWorld();
  c.send(request('r0'), 'm0');
  c.send(request('r1', { body: { model: 'other', input: 'x' } }), 'm1');
  c.failWrites((lane) => lane.model === 'other');
  await c.deliver();
  expect(c.queue.map(({ messageId }) => messageId)).toEqual(['m1']);
  c.failWrites(() => false);
  await c.settle();
  expect(Object.values(c.batches()).sort()).toEqual([['r0'], ['r1']]);
});

it('a request without the version of its url, or a model, joins those that have both', async () => {
  const c = collectorWorld();
  Object.assign(c.world.provider, { defaultModel: 'm' });
  c.send(request('r0'));
  c.send(request('r1', { url: '/embeddings', body: { input: 'x' } }));
  await c.settle();
  expect(Object.values(c.batches())).toEqual([['r0', 'r1']]);
  await c.world.workAll();
  await c.world.sweep();
  await c.world.workAll();
  const [job] = c.world.provider.jobs;
  expect(job?.lines.map((each) => JSON.parse(each))).toEqual([
    request('r0'),
    request('r1', { body: { input: 'x', model: 'm' } }),
  ]);
});

describe('a request that can never succeed goes to the dead-letter queue with its reason', () => {
  it.each<[string, object | string, string]>([
    ['is not JSON', 'hello', 'invalid_json'],
    ['is no object', '[1]', 'invalid_json'],
    ['has no custom_id', request('x', { custom_id: undefined }), 'custom_id'],
    ['has a field that does not exist', request('x', { priority: 1 }), 'priority'],
    ['names no model', request('x', { body: { input: 'secret' } }), 'missing_model'],
    ['streams', request('x', { body: { model: 'm', stream: true } }), 'stream'],
    ['names an unknown provider', request('x', { provider: 'nobody' }), 'unknown_provider'],
    ['goes elsewhere', request('x', { url: '/v1/videos' }), 'unsupported_url'],
    ['points elsewhere', { action: 'pointer', key: 'batches/x' }, 'invalid_message'],
  ])('%s', async (_, message, reason) => {
    const c = collectorWorld();
    c.send(message, 'bad');
    c.send(request('good'));
    await c.settle();
    expect(c.deadLetters).toHaveLength(1);
    expect(c.deadLetters[0]).toMatchObject({ messageId: 'bad' });
    expect(c.deadLetters[0]?.reason).toContain(reason);
    expect(c.deadLetters[0]?.reason).not.toContain('secret');
    expect(Object.values(c.batches())).toEqual([['good']]);
  });
});
