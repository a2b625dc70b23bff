import { BatchWriteCommand } from '@aws-sdk/lib-dynamodb';
import { expect, it } from 'vitest';
import { DEFAULT_POLICY } from '../../shared/batch/policy.ts';
import { toItem } from '../../shared/stores/batchItem.ts';
import { aBatch } from '../support/batches.ts';
import { type Changes, INPUT } from '../support/given.ts';
import { realSystems } from '../support/realRows.ts';
import type { RealSystem } from '../support/realSystem.ts';

const start = realSystems();
const ITEMS_PER_CALL = 25;

/** Puts queued batches into the table as they lie there, the first the oldest. */
async function fill(
  system: RealSystem,
  count: number,
  changes: (index: number) => Omit<Changes, 'status'> = () => ({}),
): Promise<void> {
  const { client, name } = system.table;
  const layout = { ...DEFAULT_POLICY, partitions: { due: 4, active: 1 } };
  const now = system.dependencies.clock.now();
  const input = { ...INPUT, requests: 1 };
  const counts = { total: 1, succeeded: 0, failed: 0, unfinished: 1 };
  const items = Array.from({ length: count }, (_, index) => {
    const createdAt = now - 60_000 + index;
    const deadlineAt = now + 7 * 24 * 3_600_000;
    const common = { batchId: `q${index}`, status: 'queued', input, counts } as const;
    const times = { createdAt, statusAt: createdAt, dueAt: undefined, deadlineAt };
    return toItem(aBatch({ ...common, ...times, ...changes(index) }), layout);
  });
  for (let from = 0; from < count; from += ITEMS_PER_CALL) {
    const requests = items.slice(from, from + ITEMS_PER_CALL);
    const RequestItems = { [name]: requests.map((Item) => ({ PutRequest: { Item } })) };
    await client.send(new BatchWriteCommand({ RequestItems }));
  }
}

/** Counts requests for pages of waiting batches. */
function countPages(system: RealSystem): () => number {
  let pages = 0;
  system.network = ({ headers, body }) => {
    const isQuery = String(headers['x-amz-target']).endsWith('.Query');
    if (isQuery && body.includes('waiting#openai')) pages += 1;
    return 'forward';
  };
  return () => pages;
}

async function started(system: RealSystem): Promise<string[]> {
  const { items } = await system.dependencies.batches.listActive('openai');
  return items.map(({ batchId }) => batchId).toSorted();
}

const names = (from: number, count: number) =>
  Array.from({ length: count }, (_, index) => `q${from + index}`).toSorted();

it('reads a long queue no further than the part that is its turn', async () => {
  const system = await start({ limits: { maxInFlight: 12 } });
  const tooOld = 18_500;
  const otherModel = 16_200;
  await fill(system, 19_900, (index) => ({
    ...(index === tooOld ? { deadlineAt: 1 } : {}),
    ...(index === otherModel ? { input: { ...INPUT, requests: 1, model: 'other' } } : {}),
  }));
  const pages = countPages(system);

  await system.sweep();

  // As many as may wait for the provider's first word, in order.
  expect(await started(system)).toEqual(names(0, 8));
  // Of a page that starts some, five in front and ten behind them.
  expect(pages()).toBe(16);
  expect((await system.batch(`q${otherModel}`)).status).toBe('queued');

  await system.sweep();

  // The rest of the queue.
  expect(pages()).toBe(16 + 9);
  expect(await started(system)).toEqual([...names(0, 8), `q${otherModel}`].toSorted());

  expect((await system.batch(`q${tooOld}`)).status).not.toBe('queued');

  await system.sweep();

  expect(pages()).toBe(25 + 15);
});
