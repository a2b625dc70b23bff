import { expect, it } from 'vitest';
import { collectorWorld, request } from '../../support/collectorWorld.ts';

it('a message delivered twice is in the batch once', async () => {
  const c = collectorWorld();
  c.send(request('r0'), 'm0');
  c.send(request('r1'), 'm1');
  const messages = [...c.queue];
  await c.deliver();
  await c.deliver(messages);
  await c.deliver([...messages].reverse());
  await c.settle();
  expect(Object.values(c.batches())).toEqual([['r0', 'r1']]);
  expect(c.deadLetters).toEqual([]);
});

it('a message delivered again after its batch was made is in no other', async () => {
  const c = collectorWorld();
  c.send(request('r0'));
  const messages = [...c.queue];
  await c.settle();
  c.send(request('r1'));
  c.queue.push(...messages);
  await c.settle();
  await c.deliver(messages);
  await c.settle();
  expect(Object.values(c.batches())).toEqual([['r0'], ['r1']]);
  expect(c.lanes.all()).toMatchObject([{ sealed: [] }]);
  expect(c.world.metrics.get('RequestsRepeated')).toBe(2);
  const files = [...c.world.bucket.objects.keys()].filter((key) => /collected-/.test(key));
  expect(files.filter((key) => key.startsWith('uploads/'))).toHaveLength(2);
});

it('a message delivered again between the seal and the join is in one of the two', async () => {
  const c = collectorWorld();
  c.send(request('r0'));
  const messages = [...c.queue];
  await c.deliver();
  c.world.advance(600);
  await c.sweep();
  await c.deliver([...messages, ...c.queue.splice(0)]);
  await c.settle();
  expect(Object.values(c.batches())).toEqual([['r0']]);
});

it('another request under the same custom_id goes to the dead-letter queue, naming the batch of the first', async () => {
  const c = collectorWorld();
  c.send(request('r0'));
  await c.settle();
  const [batchId = ''] = Object.keys(c.batches());
  c.send(request('r0', { body: { model: 'm', input: 'secret' } }));
  c.send(request('r1'));
  await c.settle();
  expect(Object.values(c.batches())).toEqual([['r0'], ['r1']]);
  expect(c.deadLetters).toHaveLength(1);
  expect(c.deadLetters[0]?.reason).toContain('custom_id_exists');
  expect(c.deadLetters[0]?.reason).toContain(batchId);
  expect(c.deadLetters[0]?.reason).not.toContain('secret');
});

it('another request under the same custom_id in the same batch goes to the dead-letter queue', async () => {
  const c = collectorWorld();
  c.send(request('r0'));
  c.send(request('r0', { body: { model: 'm', input: 'else' } }));
  await c.settle();
  expect(Object.values(c.batches())).toEqual([['r0']]);
  expect(c.deadLetters).toHaveLength(1);
});

it('each custom_id names its batch', async () => {
  const c = collectorWorld({ maxRequests: 1 });
  for (const id of ['r0', 'r1']) c.send(request(id));
  await c.settle();
  for (const [batchId, [id]] of Object.entries(c.batches()))
    expect(c.lanes.assignments.get(`openai ${id}`)?.batchId).toBe(batchId);
  expect(c.lanes.assignments.size).toBe(2);
});

it('a window joined twice at the same time is one batch', async () => {
  const c = collectorWorld();
  for (let i = 0; i < 20; i++) c.send(request(`r${i}`));
  await c.deliver();
  c.world.advance(600);
  await c.sweep();
  const joins = c.queue.splice(0);
  await Promise.all([c.deliver(joins), c.deliver(joins)]);
  await c.settle();
  expect(Object.values(c.batches()).map((ids) => ids.length)).toEqual([20]);
  expect(c.world.deadLetters).toEqual([]);
});
