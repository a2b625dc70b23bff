import { describe, expect, test } from 'vitest';
import { jobPageSchema, type WireJob } from '../../../../shared/providers/vertex/api.ts';
import {
  check,
  deleteFiles,
  type Jobs,
  listJobs,
} from '../../../../shared/providers/vertex/jobs.ts';
import type { Outputs } from '../../../../shared/providers/vertex/store.ts';
import { UNKNOWN_JOB as NAME } from './world.ts';

const KEY = 'bhabcdefghij012345-1';
const unused = () => Promise.reject(new Error('not used here'));
const NO_JOBS: Jobs = { create: unused, get: unused, cancel: unused, delete: unused, list: unused };

function listed(pages: readonly unknown[]) {
  const filters: string[] = [];
  const list: Jobs['list'] = async (filter, pageToken) => {
    filters.push(filter);
    return jobPageSchema.parse(pages[Number(pageToken ?? 0)]);
  };
  return { filters, jobs: { ...NO_JOBS, list } };
}

function job(key: string, createTime: string) {
  return { name: NAME, createTime, labels: { batch_handler_key: key } };
}

describe('listJobs', () => {
  test('asks for our jobs since then, and reads all pages in any order', async () => {
    const since = Date.parse('2026-01-02T00:00:00.000Z');
    const { filters, jobs } = listed([
      { batchPredictionJobs: [job(KEY, '2026-01-01T00:00:00Z')], nextPageToken: '1' },
      { batchPredictionJobs: [job(KEY, '2026-01-03T00:00:00.123456Z')] },
    ]);
    const found = [];
    for await (const each of listJobs(jobs, since)) found.push(each);
    expect(found).toEqual([
      { id: NAME, key: KEY, createdAt: Date.parse('2026-01-03T00:00:00.123Z') },
    ]);
    expect(filters[0]).toBe(
      'labels.batch_handler_key:* AND create_time>="2026-01-02T00:00:00.000Z"',
    );
  });

  test('a label that is no submission key is not ours', async () => {
    const { jobs } = listed([{ batchPredictionJobs: [job('theirs', '2026-01-03T00:00:00Z')] }]);
    for await (const each of listJobs(jobs, 0)) expect(each.key).toBeUndefined();
  });

  test('a job without labels may be any job: only those with our label were asked for', async () => {
    const unlabelled = { name: NAME, createTime: '2026-01-03T00:00:00Z' };
    const { jobs } = listed([{ batchPredictionJobs: [unlabelled] }]);
    const read = async () => {
      for await (const _ of listJobs(jobs, 0));
    };
    await expect(read()).rejects.toMatchObject({ kind: 'transient' });
  });

  test('a page whose next page is itself throws', async () => {
    const { jobs } = listed([{ batchPredictionJobs: [], nextPageToken: '0' }]);
    const read = async () => {
      for await (const _ of listJobs(jobs, 0));
    };
    await expect(read()).rejects.toMatchObject({ kind: 'transient' });
  });
});

test.each([
  [{}, true],
  [{ batchPredictionJobs: [] }, true],
  [{ kind: 'x' }, false],
  [[], false],
])('%o is a listing: %s', (page, expected) => {
  expect(jobPageSchema.safeParse(page).success).toBe(expected);
});

describe('a job that has ended', () => {
  const wire: WireJob = {
    name: NAME,
    state: 'JOB_STATE_EXPIRED',
    createTime: 0,
    labels: { batch_handler_key: KEY },
    inputConfig: {},
    outputConfig: {},
  };
  const outputs = (deleted: string[]): Outputs => ({
    filesOf: async () => ['gs://a-bucket/predictions.jsonl'],
    lines: () => {
      throw new Error('not used here');
    },
    delete: async (_job, key) => {
      deleted.push(key);
    },
  });

  test('has the files that it wrote, however it ended', async () => {
    const jobs = { ...NO_JOBS, get: async () => wire };
    expect(await check(jobs, outputs([]), NAME)).toMatchObject({
      outcome: { kind: 'expired', files: ['gs://a-bucket/predictions.jsonl'] },
    });
  });

  test.each([
    ['one of ours', { batch_handler_key: KEY }, [KEY, NAME]],
    ['one without a label', undefined, []],
    ["another's", { batch_handler_key: 'theirs' }, []],
  ])('is deleted after its files, if it is %s', async (_name, labels, expected) => {
    const deleted: string[] = [];
    const { labels: _, ...rest } = wire;
    const jobs: Jobs = {
      ...NO_JOBS,
      get: async () => (labels ? { ...rest, labels } : rest),
      delete: async (name) => {
        deleted.push(name);
      },
    };
    await deleteFiles(jobs, outputs(deleted), NAME);
    expect(deleted).toEqual(expected);
  });
});
