import { expect, it } from 'vitest';
import {
  collectedBatchId,
  isLaneFull,
  type Lane,
  withChunk,
} from '../../../shared/collector/lane.ts';
import { laneIdOf } from '../../../shared/collector/request.ts';
import { type CollectorWorld, collectorWorld, request } from '../../support/collectorWorld.ts';
import { given, NOW } from '../../support/given.ts';
import { requestLine, upload } from '../../support/world.ts';

const LANE_ID = laneIdOf({ provider: 'openai', model: 'm', endpoint: '/v1/embeddings' });
const FIRST = collectedBatchId(LANE_ID, 1);

/** A batch that was added when its id was not reserved. */
async function putStranger(c: CollectorWorld, key: string, endpoint: string): Promise<void> {
  await upload(c.world.objects, key, [requestLine('stranger')]);
  const stranger = given('completed');
  const source = { bucket: c.world.objects.bucket, key, etag: 'e' };
  const spec = { ...stranger.spec, source, endpoint };
  c.world.batches.put({ ...stranger, batchId: FIRST, spec });
}

it('a message cannot take the id that a window will have', async () => {
  const c = collectorWorld();
  await upload(c.world.objects, `uploads/${FIRST}.jsonl`, [requestLine('stranger')]);
  await c.world.send({ batchId: FIRST }, 'thief');
  expect(c.world.deadLetters).toMatchObject([
    { messageId: 'thief', reason: expect.stringContaining(`batchId: "${FIRST}" must not have`) },
  ]);
  expect(c.world.deadLetters[0]?.reason).toContain('choose another batchId');
  c.send(request('r0'));
  await c.settle();
  expect(c.batches()).toEqual({ [FIRST]: ['r0'] });
});

it.each([
  ['of another file', 'elsewhere.jsonl', '/v1/embeddings'],
  ['of another endpoint', `uploads/${FIRST}.jsonl`, '/v1/responses'],
])(
  'requests are in a batch although a batch %s has the id of their window',
  async (_, key, endpoint) => {
    const c = collectorWorld();
    await putStranger(c, key, endpoint);
    for (const id of ['r0', 'r1']) c.send(request(id));
    const messages = [...c.queue];
    await c.settle();
    // A repetition is still known.
    await c.deliver(messages);
    await c.settle();
    const { [FIRST]: _stranger, ...own } = c.batches();
    expect(own).toEqual({ [collectedBatchId(LANE_ID, 2)]: ['r0', 'r1'] });
    expect(c.lanes.all()).toMatchObject([{ sealed: [] }]);
    expect(c.deadLetters).toEqual([]);
  },
);

it('requests that were claimed before the id was taken are in a batch, too', async () => {
  const c = collectorWorld();
  c.send(request('r0'));
  await c.deliver();
  c.world.advance(600);
  await c.sweep();
  // The window is joined, and its message gets lost.
  await c.deliver();
  c.world.batchQueue.length = 0;
  await putStranger(c, 'elsewhere.jsonl', '/v1/embeddings');
  await c.settle();
  const { [FIRST]: _stranger, ...own } = c.batches();
  expect(own).toEqual({ [collectedBatchId(LANE_ID, 2)]: ['r0'] });
});

it('a window whose batch has a record that cannot be read is not made twice, and stops no other', async () => {
  const c = collectorWorld({ maxRequests: 1 });
  for (const id of ['r0', 'r1']) c.send(request(id));
  await c.deliver();
  c.breakRecord(FIRST);
  await c.settle();
  expect(Object.keys(c.batches())).toEqual([collectedBatchId(LANE_ID, 2)]);
  expect(c.lanes.all()).toMatchObject([{ sealed: [] }]);
});

it('a lane never outgrows an item of the table, however small its windows are', () => {
  let lane: Lane = {
    ...{ schemaVersion: 1, version: 0, laneId: LANE_ID, provider: 'openai' },
    ...{ model: 'm'.repeat(512), endpoint: '/v1/embeddings', next: 1, sealed: [] },
  };
  const limits = { maxRequests: 1, maxBytes: 200_000_000, maxAgeSeconds: 86_400 };
  let windows = 0;
  while (!isLaneFull(lane)) {
    const token = String(windows++).padStart(32, '0');
    lane = withChunk(lane, { token, requests: 1, bytes: 16_000_000 }, limits, NOW);
  }
  expect(windows).toBeGreaterThan(1_000);
  // https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
  expect(Buffer.byteLength(JSON.stringify(lane))).toBeLessThan(350 * 1024);
});
