import { describe, expect, it } from 'vitest';
import { collectorWorld, request } from '../../support/collectorWorld.ts';

const IDS = Array.from({ length: 9 }, (_, index) => `r${index}`);

/** Three deliveries, one of them with a repeated and a refused message, into windows of four. */
async function run(call?: number, moment: 'before' | 'after' = 'before') {
  const c = collectorWorld({ maxRequests: 4 });
  if (call !== undefined) c.dieAt(call, moment);
  IDS.forEach((id, index) => {
    c.send(request(id), `m${index}`);
  });
  c.send('{}', 'bad');
  const messages = c.queue.splice(0);
  await c.deliver(messages.slice(0, 3));
  await c.deliver([...messages.slice(2, 6), ...messages.slice(9)]);
  await c.deliver(messages.slice(6, 9));
  // What comes back comes in other company.
  c.queue.reverse();
  await c.settle();
  return c;
}

describe('whenever the process dies, each request is in one batch, once', async () => {
  const calls = (await run()).calls();

  it('has calls to die at', () => {
    expect(calls).toBeGreaterThan(60);
  });

  it.each(['before', 'after'] as const)('%s any call has its effect', async (moment) => {
    for (let call = 1; call <= calls; call++) {
      const c = await run(call, moment);
      const where = `died ${moment} call ${call}`;
      expect(Object.values(c.batches()).flat().sort(), where).toEqual(IDS);
      expect(new Set(c.deadLetters.map(({ messageId }) => messageId)), where).toEqual(
        new Set(['bad']),
      );
      expect(c.queue, where).toEqual([]);
      expect(c.world.deadLetters, where).toEqual([]);
      for (const lane of c.lanes.all()) {
        expect(lane.sealed, where).toEqual([]);
        expect(lane.open, where).toBeUndefined();
      }
      for (const lines of Object.values(c.batches()))
        expect(lines.length, where).toBeLessThanOrEqual(4);
    }
  });
});

it('several collectors at the same time fill the same windows', async () => {
  const c = collectorWorld({ maxRequests: 7 });
  const ids = Array.from({ length: 60 }, (_, index) => `r${index}`);
  for (const id of ids) c.send(request(id));
  const messages = c.queue.splice(0);
  const groups = [0, 1, 2, 3, 4].map((group) =>
    messages.filter((_, index) => index % 5 === group || index % 7 === group),
  );
  await Promise.all(groups.map((group) => c.deliver(group)));
  await c.settle();
  expect(Object.values(c.batches()).flat().sort()).toEqual(ids.sort());
});
