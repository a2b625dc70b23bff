import { describe, expect, it } from 'vitest';
import { partId } from '../../../shared/batch/newRecord.ts';
import { DEFAULT_POLICY } from '../../../shared/batch/policy.ts';
import { SUCCESS } from '../../support/fakes/fakeProvider.ts';
import { type World, world } from '../../support/world.ts';

const KEPT_SECONDS = DEFAULT_POLICY.inputRetentionSeconds;
const DAY_SECONDS = 86_400;
const FAILED = { response: { status_code: 400, request_id: 'q', body: {} }, error: null };

async function step(w: World): Promise<void> {
  await w.sweep();
  await w.workAll();
}

function endJobs(w: World): void {
  for (const job of w.provider.jobs)
    if (job.state.state === 'running')
      w.provider.end(job, { kind: 'completed' }, (id) => (id === 'bad' ? FAILED : SUCCESS));
}

/** Adds a batch and brings it to its end. */
async function ended(w: World, message: object = {}): Promise<void> {
  await w.add('b1', ['good', 'bad', 'also'], message);
  await w.workAll();
  await end(w);
}

async function end(w: World): Promise<void> {
  for (let round = 0; round < 6; round++) {
    await step(w);
    endJobs(w);
  }
  await w.settle();
  await w.sweep();
  expect(w.batch('b1').status).toBe('completed');
}

/** The copies of the input: the snapshot, the list of its ids, and the upload. */
function copiesOf(w: World): readonly string[] {
  return [...w.bucket.objects.keys()].filter((key) =>
    /^uploads\/|(input|ids|requests)\.jsonl$/.test(key),
  );
}

describe('the copies of the input', () => {
  it('are removed a week after the end; the rows stay', async () => {
    const w = world();
    await ended(w);
    const { rows } = w.batch('b1');
    const copies = copiesOf(w);
    expect(copies).toEqual(expect.arrayContaining(['uploads/b1.jsonl']));
    expect(copies).toHaveLength(3);

    w.advance(KEPT_SECONDS - 60);
    await w.sweep();
    expect(copiesOf(w)).toEqual(copies);

    w.advance(60);
    await w.sweep();
    expect(copiesOf(w)).toEqual([]);
    expect(w.batch('b1').inputExpiredAt).toBeDefined();
    expect(w.batch('b1').dueAt).toBeUndefined();
    expect(await w.rows(rows?.results)).toHaveLength(2);
    expect(await w.rows(rows?.errors)).toHaveLength(1);
  });

  it('are no longer there for a retry and a redelivery, which say so', async () => {
    const w = world();
    await ended(w);
    w.advance(KEPT_SECONDS);
    await w.sweep();
    const at = new Date(w.batch('b1').inputExpiredAt ?? 0).toISOString();

    for (const action of ['retry', 'redeliver'] as const) {
      await w.send({ action, batchId: 'b1' }, `of ${action}`);
      expect(w.deadLetters.at(-1)?.reason).toContain(`its input was removed at ${at}`);
    }
    expect(w.batch('b1').status).toBe('completed');
  });

  it('are kept for a batch that is retried in time, from its new end on', async () => {
    const w = world();
    await ended(w);
    w.advance(KEPT_SECONDS - 3_600);
    await w.send({ action: 'retry', batchId: 'b1' }, 'm2');
    w.advance(2 * 3_600);
    await w.sweep();
    expect(copiesOf(w)).toHaveLength(3);
    await w.workAll();
    await end(w);

    w.advance(KEPT_SECONDS - 60);
    await w.sweep();
    expect(copiesOf(w)).toHaveLength(3);
    w.advance(60);
    await w.sweep();
    expect(copiesOf(w)).toEqual([]);
  });

  it('are removed again until that has succeeded, and the record is not opened meanwhile', async () => {
    const w = world();
    await ended(w);
    const { remove } = w.dependencies.objects;
    w.dependencies.objects.remove = async () => {
      throw new Error('slow down');
    };
    w.advance(KEPT_SECONDS);
    await w.sweep();
    expect(copiesOf(w)).toHaveLength(3);
    await w.send({ action: 'retry', batchId: 'b1' }, 'm2');
    expect(w.batch('b1').status).toBe('completed');

    Object.assign(w.dependencies.objects, { remove });
    w.advance(121);
    await w.sweep();
    expect(copiesOf(w)).toEqual([]);
    expect(w.batch('b1').dueAt).toBeUndefined();
  });

  it('that cannot be removed for a day are left to the bucket, and reported', async () => {
    const w = world();
    await ended(w);
    w.dependencies.objects.remove = async () => {
      throw new Error('slow down');
    };
    w.advance(KEPT_SECONDS);
    for (let hours = 0; hours < 26; hours++) {
      await w.sweep();
      w.advance(3_601);
    }
    expect(w.batch('b1').dueAt).toBeUndefined();
    expect(w.logged).toContainEqual(expect.stringContaining('input not removed in time'));
  });

  it('stay with a batch that has not ended', async () => {
    const w = world();
    await w.add('b1', ['good']);
    await w.workAll();
    await step(w);
    w.advance(6 * DAY_SECONDS);
    await step(w);
    expect(w.batch('b1').status).toBe('running');
    expect(copiesOf(w)).toHaveLength(3);
  });

  it('stay as long as a part of the batch is open, and its parts remove nothing', async () => {
    const w = world();
    Object.assign(w.provider, { limits: { ...w.provider.limits, maxRequests: 1 } });
    await ended(w);
    const part = w.batch(partId('b1', 2));
    expect(part.dueAt).toBeUndefined();
    const open = { ...part, status: 'queued', endedAt: undefined, version: part.version + 1 };
    await w.batches.replace(open as typeof part);
    w.advance(KEPT_SECONDS);
    await w.sweep();
    expect(copiesOf(w)).toHaveLength(3);
    expect(w.logged).toContainEqual(expect.stringContaining('a part of the batch has not ended'));
  });

  it('do not include files that users have put elsewhere, nor those of others', async () => {
    for (const key of ['uploads/shared.jsonl', 'uploads/b10/x.jsonl']) {
      const w = world();
      const line = {
        custom_id: 'good',
        method: 'POST',
        url: '/v1/embeddings',
        body: { model: 'm' },
      };
      w.bucket.objects.set(key, Buffer.from(`${JSON.stringify(line)}\n`));
      await w.send({ batchId: 'b1', file: `s3://test-bucket/${key}` });
      await w.workAll();
      await end(w);
      w.advance(KEPT_SECONDS);
      await w.sweep();
      expect(w.batch('b1').inputExpiredAt).toBeDefined();
      expect(copiesOf(w)).toEqual([key]);
    }
  });

  it('are kept as long as the rows if the policy says so', async () => {
    const { retentionSeconds } = DEFAULT_POLICY;
    const w = world({ ...DEFAULT_POLICY, inputRetentionSeconds: retentionSeconds });
    await ended(w);
    expect(w.batch('b1').dueAt).toBeUndefined();
    w.advance(30 * DAY_SECONDS);
    await w.sweep();
    expect(copiesOf(w)).toHaveLength(3);
  });
});
