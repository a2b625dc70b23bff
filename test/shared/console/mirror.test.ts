import { beforeEach, describe, expect, it } from 'vitest';
import { UnreadableRecordError } from '../../../shared/batch/errors.ts';
import type { BatchInfo } from '../../../shared/client/batchInfo.ts';
import { BatchMirror, type FindOptions } from '../../../shared/console/mirror.ts';
import { batchesUpTo, batchNumber, CountedClient, START } from './support/countedClient.ts';

const ALL = (_batch: BatchInfo) => true;
const NONE = () => false;

let now = START;
const mirrorOf = (client: CountedClient) =>
  new BatchMirror({ client: client.asClient, now: () => now });
const idsOf = (batches: Iterable<BatchInfo>) => [...batches].map(({ batchId }) => batchId);

beforeEach(() => {
  now = START;
});

/** What a listener was told, by id. */
function heard(mirror: BatchMirror) {
  const changed = new Map<string, BatchInfo>();
  const removed: string[] = [];
  const problems: unknown[] = [];
  const leave = mirror.listen(
    (batches, gone) => {
      for (const batch of batches) changed.set(batch.batchId, batch);
      removed.push(...gone);
    },
    (problem) => problems.push(problem),
  );
  return { changed, removed, problems, leave };
}

/** Every page of a search, as long as it finds something. */
async function pagesOf(mirror: BatchMirror, options: FindOptions, passes: typeof ALL = ALL) {
  const ids: string[] = [];
  let after: FindOptions['after'];
  do {
    const { batches, next } = await mirror.find(passes, { ...options, after });
    ids.push(...idsOf(batches));
    after = next;
  } while (after);
  return ids;
}

describe('a search', () => {
  it('reads two pages of the table for the first page of a handler with 100,000 batches', async () => {
    const client = new CountedClient(batchesUpTo(100_000));
    const { batches, next } = await mirrorOf(client).find(ALL, { limit: 100 });
    expect(idsOf(batches).slice(0, 2)).toEqual(['batch-99999', 'batch-99998']);
    expect(batches).toHaveLength(100);
    expect(next?.batchId).toBe('batch-99900');
    // The second tells whether more follows.
    expect(client.reads.pages).toBe(2);
  });

  it('reads a few pages if nothing passes, and says how far back it came', async () => {
    const client = new CountedClient(batchesUpTo(100_000));
    const mirror = mirrorOf(client);
    const first = await mirror.find(NONE, { limit: 100 });
    expect(first.batches).toEqual([]);
    expect(first.next?.batchId).toBe('batch-99500');
    expect(client.reads.pages).toBe(5);
    const further = await mirror.find(NONE, { limit: 100, after: first.next });
    expect(further.next?.batchId).toBe('batch-98500');
    expect(client.reads.pages).toBe(15);
  });

  it('holds 10,000 at most, and reads older ones of the table', async () => {
    const client = new CountedClient(batchesUpTo(12_000));
    const mirror = mirrorOf(client);
    expect(await pagesOf(mirror, { limit: 500 })).toEqual(idsOf(batchesUpTo(12_000).toReversed()));
    expect([...mirror.held()]).toHaveLength(10_000);
    expect(mirror.isWhole).toBe(false);
    client.reads.pages = 0;
    expect(await pagesOf(mirror, { limit: 100 }, ({ batchId }) => batchId === 'batch-7')).toEqual([
      'batch-7',
    ]);
    // Those that are held are not read again.
    expect(client.reads.pages).toBeLessThanOrEqual(25);
  });

  it('goes to a time at once', async () => {
    const client = new CountedClient(batchesUpTo(100_000));
    const until = batchNumber(301).createdAt;
    const since = batchNumber(200).createdAt;
    const { batches, next } = await mirrorOf(client).find(ALL, { limit: 500, since, until });
    expect(idsOf(batches)).toEqual(idsOf(batchesUpTo(301).slice(200).toReversed()));
    expect(next).toBeUndefined();
    expect(client.reads.pages).toBeLessThanOrEqual(4);
  });

  it('shows each batch once while new ones come and the last of a page goes', async () => {
    const client = new CountedClient(batchesUpTo(250));
    const mirror = mirrorOf(client);
    const first = await mirror.find(ALL, { limit: 100 });
    for (let n = 250; n < 300; n++) client.put(batchNumber(n, { status: 'running' }));
    client.remove('batch-150');
    mirror.follow(['batch-150']);
    await mirror.look();
    const second = await mirror.find(ALL, { limit: 100, after: first.next });
    expect(idsOf(second.batches)[0]).toBe('batch-149');
    const third = await mirror.find(ALL, { limit: 100, after: second.next });
    const ids = idsOf([...first.batches, ...second.batches, ...third.batches]);
    expect(ids).toEqual(idsOf(batchesUpTo(250).toReversed()));
    expect(third.next).toBeUndefined();
  });

  it('loses none of those that were created in the same moment', async () => {
    const { createdAt } = batchNumber(0);
    const client = new CountedClient(batchesUpTo(250, { createdAt }));
    const ids = await pagesOf(mirrorOf(client), { limit: 30 });
    expect(new Set(ids).size).toBe(250);
    expect(ids).toHaveLength(250);
  });

  it('reads a page once for those that ask at the same time', async () => {
    const client = new CountedClient(batchesUpTo(1_000));
    const mirror = mirrorOf(client);
    await Promise.all([mirror.find(ALL, { limit: 50 }), mirror.find(ALL, { limit: 50 })]);
    expect(client.reads.pages).toBe(1);
  });

  it('says that nothing follows in a handler without batches', async () => {
    expect(await mirrorOf(new CountedClient([])).find(ALL, { limit: 10 })).toEqual({ batches: [] });
  });
});

describe('reading back', () => {
  it('reads no more than 10,000, and knows how far it came', async () => {
    const client = new CountedClient(batchesUpTo(30_000));
    const read = await mirrorOf(client).readBack(0);
    expect(read).toEqual({ isWhole: false, oldest: batchNumber(20_000).createdAt });
    expect(client.reads.pages).toBe(100);
  });

  it('ends at the time', async () => {
    const client = new CountedClient(batchesUpTo(1_000));
    const since = Date.parse(batchNumber(850).createdAt);
    expect((await mirrorOf(client).readBack(since)).isWhole).toBe(true);
    expect(client.reads.pages).toBe(2);
  });
});

describe('a look at the table', () => {
  it('tells of what is new, has changed, has ended and is gone', async () => {
    const client = new CountedClient([
      ...batchesUpTo(300),
      batchNumber(50, { status: 'running' }),
      batchNumber(60, { status: 'running' }),
      batchNumber(70, { status: 'running' }),
    ]);
    const mirror = mirrorOf(client);
    await mirror.readBack(0);
    const told = heard(mirror);
    await mirror.look();
    expect(told.changed.size).toBe(0);
    client.put(batchNumber(300, { status: 'inspecting' }));
    client.change('batch-50', { counts: { total: 10, succeeded: 5, failed: 0, unfinished: 5 } });
    client.change('batch-60', { status: 'completed' });
    client.remove('batch-70');
    await mirror.look();
    expect([...told.changed.keys()].sort()).toEqual(['batch-300', 'batch-50', 'batch-60']);
    expect(told.changed.get('batch-60')?.status).toBe('completed');
    expect(told.removed).toEqual(['batch-70']);
    expect(idsOf(mirror.held())).toHaveLength(300);
    expect([...mirror.held()][0]?.batchId).toBe('batch-300');
    told.leave();
  });

  it('sees that an ended batch was opened again, however old it is', async () => {
    const client = new CountedClient(batchesUpTo(500));
    const mirror = mirrorOf(client);
    await mirror.readBack(0);
    const told = heard(mirror);
    client.change('batch-3', { status: 'queued', statusAt: batchNumber(600).createdAt });
    await mirror.look();
    expect(told.changed.get('batch-3')?.status).toBe('queued');
    told.leave();
  });

  it('reads a bounded amount of 10,000 open batches, and each has its turn', async () => {
    const client = new CountedClient(batchesUpTo(10_000, { status: 'running' }));
    const mirror = mirrorOf(client);
    await mirror.readBack(0);
    for (const { batchId } of client.table.values()) client.change(batchId, { attempts: 2 });
    client.reads.open = 0;
    client.reads.pages = 0;
    await mirror.look();
    expect(client.reads.open).toBe(200);
    expect(client.reads.pages).toBe(1);
    for (let look = 1; look < 50; look++) await mirror.look();
    expect([...mirror.held()].every(({ attempts }) => attempts === 2)).toBe(true);
  });

  it('reads a bounded amount if 10,000 batches end at once', async () => {
    const client = new CountedClient(batchesUpTo(10_000, { status: 'running' }));
    const mirror = mirrorOf(client);
    await mirror.readBack(0);
    // The round begins while all are open.
    await mirror.look();
    for (const { batchId } of client.table.values()) client.change(batchId, { status: 'failed' });
    let most = 0;
    for (let look = 0; look < 110; look++) {
      const before = client.reads.single.length;
      await mirror.look();
      most = Math.max(most, client.reads.single.length - before);
    }
    expect(most).toBe(100);
    expect([...mirror.held()].every(({ status }) => status === 'failed')).toBe(true);
  });

  it('leaves time for others between the pages of a long look', async () => {
    const client = new CountedClient(batchesUpTo(10_000, { status: 'running' }));
    const mirror = mirrorOf(client);
    let turns = 0;
    const turn = () => {
      turns += 1;
      handle = setImmediate(turn);
    };
    let handle = setImmediate(turn);
    await mirror.look();
    clearImmediate(handle);
    expect(turns).toBeGreaterThan(10);
  });

  it('takes a batch away whose record cannot be read any more', async () => {
    const client = new CountedClient([
      ...batchesUpTo(300),
      batchNumber(5, { status: 'running' }),
      batchNumber(6, { status: 'running' }),
    ]);
    const mirror = mirrorOf(client);
    await mirror.readBack(0);
    const told = heard(mirror);
    const broken = (id: string) => new UnreadableRecordError(id, 'broken');
    client.unreadable.set('batch-5', broken('batch-5'));
    client.change('batch-6', { status: 'completed' });
    client.unreadable.set('batch-6', broken('batch-6'));
    await mirror.look();
    expect(told.removed.sort()).toEqual(['batch-5', 'batch-6']);
    told.leave();
  });

  it('begins anew if more were added than it reads at once', async () => {
    const client = new CountedClient(batchesUpTo(300));
    const mirror = mirrorOf(client);
    await mirror.readBack(0);
    for (let n = 300; n < 3_000; n++) client.put(batchNumber(n));
    await mirror.look();
    await mirror.look();
    await mirror.look();
    expect(idsOf(mirror.held())).toEqual(idsOf(batchesUpTo(3_000).toReversed()));
  });

  it('reads a batch by itself whose parts a list has not summed up, and keeps the sum', async () => {
    const split = { status: 'split', partCount: 3 } as const;
    const client = new CountedClient([...batchesUpTo(50), batchNumber(7, split)]);
    let finishedInParts = 0;
    client.getBatch = async (batchId) => {
      finishedInParts += 1;
      return { ...batchNumber(7, split), batchId, finishedInParts };
    };
    const mirror = mirrorOf(client);
    const sum = () =>
      [...mirror.held()].find(({ batchId }) => batchId === 'batch-7')?.finishedInParts;
    await mirror.look();
    expect(sum()).toBe(1);
    await mirror.look();
    expect(sum()).toBe(2);
  });

  it('does not take an older state of a list that was read in several looks', async () => {
    const running = batchNumber(7, { status: 'running', statusAt: batchNumber(90).createdAt });
    const client = new CountedClient([...batchesUpTo(300), running]);
    const mirror = mirrorOf(client);
    await mirror.readBack(0);
    client.listBatches = async function* () {
      yield batchNumber(7, { status: 'queued', statusAt: batchNumber(80).createdAt });
    };
    const told = heard(mirror);
    await mirror.look();
    expect(told.changed.size).toBe(0);
    expect(client.reads.single).toContain('batch-7');
    told.leave();
  });

  it('follows a batch after a command, also one that is not held, for a minute', async () => {
    const client = new CountedClient(batchesUpTo(12_000));
    const mirror = mirrorOf(client);
    await mirror.readBack(0);
    const told = heard(mirror);
    mirror.follow(['batch-5']);
    await mirror.look();
    client.change('batch-5', { deliveries: 2 });
    await mirror.look();
    expect(told.changed.get('batch-5')?.deliveries).toBe(2);
    expect(idsOf(mirror.held())).not.toContain('batch-5');
    now += 61_000;
    await mirror.look();
    client.reads.single.length = 0;
    await mirror.look();
    expect(client.reads.single).toEqual([]);
    told.leave();
  });
});

describe('listeners', () => {
  it('are told of an error of the table, and hear again once it has passed', async () => {
    const client = new CountedClient(batchesUpTo(20));
    client.failure = new Error('the token has expired');
    const mirror = mirrorOf(client);
    const told = heard(mirror);
    await expect.poll(() => told.problems).toContain(client.failure);
    client.failure = undefined;
    await expect.poll(() => told.problems.at(-1)).toBeUndefined();
    expect(idsOf(mirror.held())).toHaveLength(20);
    told.leave();
  });

  it('that have left hear nothing, and those that stay do', async () => {
    const client = new CountedClient(batchesUpTo(20));
    const mirror = mirrorOf(client);
    const gone = heard(mirror);
    const staying = heard(mirror);
    gone.leave();
    mirror.put(batchNumber(20));
    expect(gone.changed.size).toBe(0);
    expect([...staying.changed.keys()]).toEqual(['batch-20']);
    staying.leave();
  });

  it('look at the table in one rhythm, however often a page is loaded again', async () => {
    const client = new CountedClient(batchesUpTo(20));
    const mirror = mirrorOf(client);
    for (let times = 0; times < 5; times++) heard(mirror).leave();
    const last = heard(mirror);
    // It comes after every look that has begun: the first takes two pages, and each further one.
    await mirror.look();
    expect(client.reads.pages).toBe(3);
    last.leave();
  });
});
