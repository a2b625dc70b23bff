import { describe, expect, test } from 'vitest';
import { NewerSchemaError, RefusedError } from '../../../shared/batch/errors.ts';
import { FailureTally } from '../../../shared/batch/failures.ts';
import { MAX_PAST_JOBS } from '../../../shared/batch/job.ts';
import { BATCH_SCHEMA_VERSION, type Batch } from '../../../shared/batch/record.ts';
import { END_STATUSES, OPEN_STATUSES, STATUSES } from '../../../shared/batch/status.ts';
import { batchIdOf, fromItem, MAX_RECORD_BYTES, toItem } from '../../../shared/stores/batchItem.ts';
import { openQueue } from '../../../shared/stores/indexKeys.ts';
import { aBatch } from '../../support/batches.ts';
import { INPUT, NOW } from '../../support/given.ts';

const LAYOUT = {
  partitions: { due: 4, active: 1 },
  retentionSeconds: 86_400,
  maxAgeSeconds: 86_400,
};
const itemOf = (batch: Batch) => toItem(batch, LAYOUT);

describe('the item of a record', () => {
  test('returns the record, with numbers and keys that DynamoDB does not have', () => {
    // Prepare
    const options = { '': [1e300, 1e21, null, { deep: 'ü' }] };
    const batch = aBatch({ spec: { options }, dueAt: NOW + 0.5 });
    // Act
    const item = itemOf(batch);
    // Assess
    expect(fromItem(item)).toEqual(batch);
    expect(batchIdOf(item)).toBe('b1');
  });

  test.each([
    ['queued', 'waiting#openai'],
    ...STATUSES.filter((status) => status !== 'queued').map(
      (status) => [status, openQueue('b1', 4)] as const,
    ),
  ] as const)('%s and due is in the queue %s', (status, queue) => {
    expect(itemOf(aBatch({ status, dueAt: NOW })).queue).toBe(queue);
  });

  test.each(END_STATUSES)('%s and nothing owed is in no queue', (status) => {
    const item = itemOf(aBatch({ status, dueAt: undefined }));
    expect(item).not.toHaveProperty('queue');
    expect(item).not.toHaveProperty('dueAt');
  });

  test('a time is text that sorts like the number, and rounds up', () => {
    expect(itemOf(aBatch({ dueAt: 999.2 })).dueAt).toBe('000000000001000');
  });

  test.each([
    [499, '000'],
    [0, '499'],
    [-500, '999'],
    [10_000, '000'],
    [-10_000, '999'],
  ])('priority %i sorts as %s', (priority, rank) => {
    const batch = aBatch({ status: 'queued', spec: { priority }, createdAt: NOW });
    expect(itemOf(batch).dueAt).toBe(`${rank}#001800000000000`);
  });

  test.each(STATUSES)('%s occupies the provider only while a job may run', (status) => {
    const occupies = status === 'submitting' || status === 'running';
    expect(itemOf(aBatch({ status })).activeProvider).toBe(occupies ? 'openai' : undefined);
  });

  test('a job that has ended is shown until its rows are collected: its cost is not known yet', () => {
    const job = { id: 'job_1', submission: 1, submittedAt: NOW };
    const unpaid = itemOf(aBatch({ status: 'collecting', job }));
    expect(unpaid).toMatchObject({ activeProvider: 'openai', isOver: true });
    expect(itemOf(aBatch({ status: 'running', job })).isOver).not.toBe(true);
    expect(itemOf(aBatch({ status: 'delivering', job }))).not.toHaveProperty('activeProvider');
  });

  test('shows what its job is expected to be billed for', () => {
    const input = { ...INPUT, requests: 4, estimatedTokens: 100, maxOutputTokens: 40 };
    const counts = { total: 4, succeeded: 3, failed: 0, unfinished: 1 };
    const waiting = aBatch({ status: 'queued', input, counts });
    expect(itemOf(waiting)).toMatchObject({ expectedInput: 25, expectedOutput: 10 });
  });

  test('expires after its retention, once it has ended and nothing is pending', () => {
    for (const status of END_STATUSES) {
      const ended = aBatch({ status, endedAt: NOW + 1, dueAt: undefined });
      expect(itemOf(ended).expiresAt).toBe(1_800_000_000 + 86_400 + 1);
      const pending = aBatch({ status, endedAt: NOW + 1, dueAt: NOW });
      expect(itemOf(pending)).not.toHaveProperty('expiresAt');
    }
    for (const status of OPEN_STATUSES)
      expect(itemOf(aBatch({ status }))).not.toHaveProperty('expiresAt');
  });

  test('expires before its objects, however late it was run again', () => {
    const lifetime = 86_400 + 2 * (86_400 + 5 * 86_400);
    const endedAt = NOW + (lifetime - 10) * 1000;
    const late = aBatch({ status: 'completed', endedAt, dueAt: undefined });
    expect(itemOf(late).expiresAt).toBe(NOW / 1000 + lifetime);
  });

  test('a part does not expire before its batch, however late that is run again', () => {
    const part = { parentId: 'b0', range: { start: 0, end: 50 } };
    const ended = aBatch({ status: 'completed', endedAt: NOW + 1, dueAt: undefined, part });
    const parent = aBatch({ status: 'completed', endedAt: NOW + 1e12, dueAt: undefined });
    expect(Number(itemOf(ended).expiresAt)).toBeGreaterThanOrEqual(
      Number(itemOf(parent).expiresAt),
    );
  });

  test('batches spread over all shards, each always in the same', () => {
    const ids = Array.from({ length: 1000 }, (_, i) => `batch-${i}`);
    const sizes = Object.values(Object.groupBy(ids, (id) => openQueue(id, 4)));
    expect(sizes.map((shard) => shard?.length ?? 0).every((size) => size > 200)).toBe(true);
    // A change of the hash would leave batches of an earlier version in other shards.
    expect(openQueue('b1', 4)).toBe('open#0');
  });
});

describe('a large record', () => {
  test('is refused when it is new, with its size and the fix', () => {
    const batch = aBatch({ spec: { options: { text: 'x'.repeat(20_000) } } });
    const text = /record of batch b1 has 2\d{4} bytes, over 12288: shorten its options/;
    expect(() => itemOf(batch)).toThrow(RefusedError);
    expect(() => itemOf(batch)).toThrow(text);
  });

  test('may grow to 40 KB', () => {
    const batch = aBatch({ version: 1, spec: { options: { text: 'x'.repeat(38_000) } } });
    expect(fromItem(itemOf(batch))).toEqual(batch);
    const over = aBatch({ version: 1, spec: { options: { text: 'x'.repeat(41_000) } } });
    expect(() => itemOf(over)).toThrow(/over 40960/);
  });

  test('has room for its past jobs, however long their ids are', () => {
    const job = {
      id: 'j'.repeat(250),
      provider: 'p'.repeat(32),
      attempt: 100,
      code: 'c'.repeat(100),
      rowsToken: 't'.repeat(36),
    };
    const times = { submittedAt: NOW, endedAt: NOW, requests: 50_000, succeeded: 50_000 };
    const pastJobs = Array.from({ length: MAX_PAST_JOBS }, () => {
      return { ...job, ...times, end: 'completed' as const };
    });
    const batch = aBatch({ version: 1, spec: { options: { text: 'x'.repeat(15_000) } }, pastJobs });
    expect(fromItem(itemOf(batch))).toEqual(batch);
  });

  test('has room for 200 parts with the largest numbers, whatever its message asks for', () => {
    // As large as a new one may be.
    const added = (bytes: number) => aBatch({ spec: { options: { text: 'x'.repeat(bytes) } } });
    const rest = Buffer.byteLength(String(itemOf(added(0)).record));
    const { spec } = added(12 * 1024 - rest);
    expect(() => itemOf(aBatch({ spec }))).not.toThrow();
    const slice = {
      ...{ start: 40_000_000_000, end: 40_000_000_000, requests: 50_000 },
      ...{ estimatedTokens: 50_000_000_000, maxOutputTokens: 500_000_000_000_000 },
    };
    const key = `batches/${'b'.repeat(100)}/${'t'.repeat(36)}/results.jsonl`;
    const past = {
      ...{ id: 'j'.repeat(250), provider: 'p'.repeat(100), attempt: 1, submittedAt: NOW },
      ...{
        endedAt: NOW,
        end: 'failed' as const,
        code: '语'.repeat(100),
        requests: 1,
        succeeded: 0,
        rowsToken: 't'.repeat(36),
      },
    };
    const reason = { code: '语'.repeat(100), message: '语'.repeat(500) };
    const failures = new FailureTally();
    for (let kind = 0; kind < 20; kind++) {
      const code = `${kind}${'语'.repeat(100)}`;
      failures.add({ code, status: 500, isUnfinished: true }, '语'.repeat(100));
    }
    const parent = {
      ...aBatch({ version: 1, spec }),
      ...{ status: 'collecting' as const, dueAt: NOW },
      input: {
        ...INPUT,
        ...{ key, model: '语'.repeat(512), price: { input: 1 / 3, output: 1 / 3 } },
        ...{ estimatedCost: 1e300 / 3, parts: Array.from({ length: 200 }, () => slice) },
      },
      rows: { results: key, errors: key },
      outcome: { kind: 'completed' as const, files: [] },
      claim: { token: 't'.repeat(36), leaseUntil: NOW },
      delivery: { number: 9, attempt: 9, invocations: 99, pending: true },
      commands: Array.from({ length: 20 }, () => 'm'.repeat(40)),
      failureGroups: failures.groups(),
      pastJobs: Array.from({ length: MAX_PAST_JOBS }, () => past),
      reasons: Array.from({ length: 20 }, () => reason),
    };
    const item = itemOf(parent);
    expect(Buffer.byteLength(String(item.record))).toBeLessThanOrEqual(MAX_RECORD_BYTES);
    const read = fromItem(item);
    expect(read).toMatchObject({ status: 'collecting', input: parent.input, reasons: [] });
    expect(read.pastJobs).toEqual([]);
    const kept = read.failureGroups ?? [];
    expect(kept.length).toBeGreaterThan(0);
    expect(kept).toEqual(parent.failureGroups.slice(0, kept.length));
  });

  test('loses the places of its ids before anything else', () => {
    const parts = Array.from({ length: 200 }, () => ({
      ...{ start: 0, end: 1, requests: 1, estimatedTokens: 1 },
      idBytes: 1_000_000,
    }));
    const input = { ...INPUT, ids: { key: 'ids.jsonl', start: 0, end: 200_000_000 }, parts };
    const reasons = [{ code: 'c', message: 'm' }];
    const sized = (bytes: number) =>
      aBatch({
        status: 'split',
        version: 1,
        input,
        reasons,
        spec: { options: { text: 'x'.repeat(bytes) } },
      });
    expect(fromItem(itemOf(sized(20_000)))).toEqual(sized(20_000));
    const large = sized(28_000);
    const read = fromItem(itemOf(large));
    const places = parts.map(({ idBytes, ...place }) => place);
    expect(read).toEqual({ ...large, input: { ...INPUT, parts: places } });
  });

  test('loses its oldest reasons before it is refused', () => {
    // Prepare
    const reasons = Array.from({ length: 20 }, (_, i) => ({
      code: String(i),
      message: '字'.repeat(500),
      line: i + 1,
    }));
    const batch = aBatch({ version: 1, spec: { options: { text: 'x'.repeat(18_000) } }, reasons });
    // Act
    const item = itemOf(batch);
    // Assess
    const kept = fromItem(item).reasons;
    expect(kept).toEqual(reasons.slice(-kept.length));
    expect(kept.length).toBeGreaterThan(10);
    expect(Buffer.byteLength(String(item.record))).toBeLessThanOrEqual(MAX_RECORD_BYTES);
  });
});

test('a record that could not be read back is not written, and is named', () => {
  const job = { id: 'job_1', submission: 1, submittedAt: Number.NaN };
  const batch = { ...aBatch({ status: 'running' }), job };
  expect(() => itemOf(batch)).toThrow(/^batch b1 \(running\) cannot be written: .*submittedAt/s);
});

describe('an item that this code did not write', () => {
  test('of a newer version is recognised, whatever its record looks like', () => {
    const item = {
      ...itemOf(aBatch()),
      schemaVersion: BATCH_SCHEMA_VERSION + 1,
      record: 'compressed',
    };
    expect(() => fromItem(item)).toThrow(NewerSchemaError);
    expect(() => fromItem(item)).toThrow(`batch b1 has schemaVersion ${BATCH_SCHEMA_VERSION + 1}`);
  });

  test.each(['{', '{}'])('with the record %s is named', (record) => {
    expect(() => fromItem({ ...itemOf(aBatch()), record })).toThrow('batch b1 cannot be read');
  });
});
