import { describe, expect, it } from 'vitest';
import { NewerSchemaError } from '../../../../shared/batch/errors.ts';
import { DEFAULT_POLICY } from '../../../../shared/batch/policy.ts';
import { METRICS } from '../../../../shared/metrics.ts';
import { aBatch } from '../../../support/batches.ts';
import { NOW } from '../../../support/given.ts';
import { type World, world } from '../../../support/world.ts';
import { asEarlierVersions, names, noteChecks, putRunning, turn } from './running.ts';

/** A world of running batches that are asked about one by one. */
function running(count: number): World {
  const w = world({ ...DEFAULT_POLICY, listFrom: Number.POSITIVE_INFINITY });
  putRunning(w, count);
  return w;
}

/** A world of batches whose inspection is due, the first the longest. */
function overdue(count: number): World {
  const w = world();
  for (let number = 0; number < count; number++)
    w.batches.put(
      aBatch({ batchId: `b${number}`, status: 'inspecting', dueAt: NOW - count + number }),
    );
  return w;
}

/** The batches whose work was sent, in order; `before` runs before each. */
function noteSent(w: World, before: () => Promise<void> = async () => {}): string[] {
  const sent: string[] = [];
  w.dependencies.queues.sendWork = async (message) => {
    await before();
    if (message.action !== 'assemble') sent.push(message.batchId);
  };
  return sent;
}

/** Where the sweep left off, when it gives the lease back. */
function noteReleases(w: World, then = () => {}): Record<string, string>[] {
  const left: Record<string, string>[] = [];
  const { sweepLock } = w.dependencies;
  const { release } = sweepLock;
  sweepLock.release = async (token, cursors, now) => {
    left.push({ ...cursors });
    then();
    return release(token, cursors, now);
  };
  return left;
}

/** Each shard holds what the test says, however often it is read. */
function useShards(w: World, shards: readonly (readonly string[])[], pageSize = 2): void {
  const listDue: World['batches']['listDue'] = async (shard, _until, cursor = '0') => {
    const ids = shards[shard] ?? [];
    const end = Number(cursor) + pageSize;
    const items = ids.slice(Number(cursor), end).map((batchId) => ({
      batchId,
      status: 'inspecting' as const,
    }));
    return end < ids.length ? { items, cursor: String(end) } : { items };
  };
  const partitions = { due: shards.length, active: 1 };
  Object.assign(w.batches, { partitions, everyPartition: partitions, listDue });
}

/** While the page before that shard is given out, the first time. */
function timeIsOverBeforeShard(w: World, slow: number): void {
  const { listDue } = w.batches;
  let isFirst = true;
  w.batches.listDue = async (shard, until, cursor) => {
    if (shard === slow && isFirst) {
      isFirst = false;
      w.advance(290);
    }
    return listDue(shard, until, cursor);
  };
}

describe('due batches', () => {
  it('are processed in order, 100 at a time', async () => {
    const w = overdue(250);
    const ids = Array.from({ length: 250 }, (_, number) => `b${number}`);
    useShards(w, [ids], 100);
    let [underWay, most] = [0, 0];
    const sent = noteSent(w, async () => {
      most = Math.max(most, ++underWay);
      await turn();
      underWay -= 1;
    });

    await w.sweep();

    expect(most).toBe(100);
    expect(sent).toEqual(ids);
  });
});

describe('running jobs', () => {
  it('are checked in the order of their ids, 100 at a time', async () => {
    const w = running(250);
    let [underWay, most] = [0, 0];
    const asked = noteChecks(w, async () => {
      most = Math.max(most, ++underWay);
      await turn();
      underWay -= 1;
    });

    await w.sweep();

    expect(most).toBe(100);
    expect(asked).toEqual(names(0, 250));
  });

  it('do not wait for a slow one', async () => {
    const w = running(350);
    const asked = noteChecks(w, async (jobId) => {
      if (jobId !== 'job_0') return;
      while (asked.length < 350) await turn();
    });

    await w.sweep();

    expect(asked).toEqual(names(0, 350));
  });

  it('do not wait for the due batches, nor these for them', async () => {
    const w = running(50);
    w.batches.put(aBatch({ batchId: 'inspected', status: 'inspecting', dueAt: NOW - 1 }));
    let [sent, checkedBySending, sentByChecking] = [false, 0, false];
    const asked = noteChecks(w, async () => {
      for (let turns = 0; turns < 50 && !sent; turns++) await turn();
      sentByChecking ||= sent;
    });
    noteSent(w, async () => {
      for (let turns = 0; turns < 20 && asked.length < 50; turns++) await turn();
      checkedBySending = asked.length;
      sent = true;
    });

    await w.sweep();

    expect({ checkedBySending, sentByChecking }).toEqual({
      checkedBySending: 50,
      sentByChecking: true,
    });
  });

  it('are read at most two pages ahead, if the index does not show enough of them', async () => {
    const w = running(10_000);
    asEarlierVersions(w);
    let [read, done, most] = [0, 0, 0];
    const { getMany } = w.batches;
    w.batches.getMany = async (ids) => {
      read += ids.length;
      most = Math.max(most, read - done);
      return getMany(ids);
    };
    noteChecks(w, async () => {
      await turn();
      done += 1;
    });

    await w.sweep();

    expect([read, done]).toEqual([10_000, 10_000]);
    expect(most).toBeLessThanOrEqual(300);
  });

  it('cost no write while nothing has changed', async () => {
    const w = running(150);
    let writes = 0;
    const { replace } = w.batches;
    w.batches.replace = async (batch) => {
      writes += 1;
      return replace(batch);
    };

    await w.sweep();

    expect(writes).toBe(0);
  });
});

describe('a sweep that runs out of time', () => {
  it('starts nothing more, waits for what it has started, and skips nothing', async () => {
    const w = running(350);
    let done = 0;
    // The provider's two minutes are over after 150 of them.
    const asked = noteChecks(w, async () => {
      await turn();
      w.advance(0.8);
      done += 1;
    });
    let doneAtRelease = 0;
    noteReleases(w, () => {
      doneAtRelease = done;
    });

    await w.sweep();

    expect(asked.length).toBeGreaterThan(150);
    expect(asked.length).toBeLessThan(300);
    expect(doneAtRelease).toBeGreaterThanOrEqual(150);
    expect(w.metrics.get(METRICS.sweepsTruncated)).toBe(1);
    expect(w.metrics.get(METRICS.providersCutShort)).toBe(1);

    const first = asked.splice(0);
    await w.sweep();
    expect(asked[0]).toBe(names(0, 350)[first.length]);
    await w.sweep();
    expect(new Set([...first, ...asked])).toEqual(new Set(names(0, 350)));
  });

  it('is resumed in the shard in which it stopped', async () => {
    const w = overdue(7);
    useShards(w, [['b0', 'b1'], ['b2', 'b3', 'b4', 'b5'], ['b6']]);
    timeIsOverBeforeShard(w, 2);
    const sent = noteSent(w);
    const left = noteReleases(w);

    await w.sweep();
    expect(sent.splice(0)).toEqual(['b0', 'b1', 'b2', 'b3']);

    w.advance(4_000);
    await w.sweep();
    expect(left).toEqual([{ 'open#1': '2' }, {}]);
    expect(sent).toEqual(['b4', 'b5', 'b6', 'b0', 'b1']);
  });

  it('before it begins a shard makes the next one begin with that shard', async () => {
    const w = overdue(3);
    useShards(w, [['b0'], ['b1'], ['b2']]);
    timeIsOverBeforeShard(w, 2);
    const sent = noteSent(w);
    const left = noteReleases(w);

    await w.sweep();
    w.advance(4_000);
    await w.sweep();

    expect(left[0]).toMatchObject({ 'open#1': '' });
    expect(sent).toEqual(['b0', 'b1', 'b2', 'b0']);
  });

  it('keeps time for admission, however long the checks take', async () => {
    const w = running(250);
    Object.assign(w.provider, { limits: { ...w.provider.limits, maxInFlight: 1_000 } });
    w.batches.put(
      aBatch({ batchId: 'waiting', status: 'queued', createdAt: NOW, dueAt: undefined }),
    );
    noteChecks(w, async () => w.advance(1));

    await w.sweep();

    expect(w.metrics.get(METRICS.sweepsTruncated)).toBe(1);
    expect(w.batch('waiting').status).toBe('submitting');
  });
});

describe('a failure', () => {
  it('of one record does not delay the others', async () => {
    const w = running(150);
    asEarlierVersions(w);
    const { get, getMany } = w.batches;
    w.batches.getMany = async (ids) => getMany(ids.filter((id) => id !== 'b7'));
    w.batches.get = async (id) => {
      if (id === 'b7') throw new NewerSchemaError('batch b7', 99);
      return get(id);
    };
    const asked = noteChecks(w);

    await w.sweep();

    expect(asked).toHaveLength(149);
    expect(w.metrics.get(METRICS.sweepErrors)).toBe(1);
  });

  it('to read a page at once is followed by single reads', async () => {
    const w = running(150);
    asEarlierVersions(w);
    w.batches.getMany = async () => {
      throw new Error('throttled');
    };
    const asked = noteChecks(w);

    await w.sweep();

    expect(asked.sort()).toEqual(names(0, 150).sort());
    expect(w.logged).toContainEqual(
      expect.stringMatching(/^records of a page could not be read.*throttled/),
    );
  });

  it('of the index ends the sweep once everything that was started is over', async () => {
    const w = overdue(150);
    const { listDue } = w.batches;
    w.batches.listDue = async (shard, until, cursor) => {
      if (cursor !== undefined) throw new Error('the index is gone');
      return listDue(shard, until, cursor);
    };
    let done = 0;
    noteSent(w, async () => {
      await turn();
      await turn();
      done += 1;
    });
    let doneAtRelease = 0;
    noteReleases(w, () => {
      doneAtRelease = done;
    });

    await expect(w.sweep()).rejects.toThrow('the index is gone');

    expect(doneAtRelease).toBe(100);
  });
});
