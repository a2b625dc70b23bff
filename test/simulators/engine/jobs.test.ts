import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { Jobs } from '../../../simulators/engine/jobs.ts';
import { Journal, journalDirectory } from '../../../simulators/engine/journal.ts';
import { NO_OUTPUT } from '../../../simulators/engine/run.ts';
import type { JobRecord } from '../../../simulators/engine/timeline.ts';

let dataDir: string;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'jobs-test-'));
  onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
});

function start(): Jobs<JobRecord> {
  const jobs = new Jobs<JobRecord>(
    {
      dataDir,
      plan: ['failed_quota', 'stuck', 'completed'],
      jobSeconds: 0,
      journal: new Journal(journalDirectory(dataDir), Date.now),
      now: Date.now,
    },
    {
      idOf: ({ id }) => String(id),
      errorsOf: () => [],
      write: async () => NO_OUTPUT,
    },
  );
  onTestFinished(() => jobs.close());
  return jobs;
}

async function create(jobs: Jobs<JobRecord>, id: string, group = 'a-batch') {
  await writeFile(jobs.inputPath(id), '{"id":"1"}\n');
  return jobs.create({ id, group }).outcome;
}

test('a deleted job keeps its position in the plan', async () => {
  const jobs = start();
  expect(await create(jobs, 'first')).toBe('failed_quota');
  jobs.delete('first');
  expect(await create(jobs, 'second')).toBe('stuck');
  jobs.delete('second');
  expect(await create(jobs, 'third')).toBe('completed');
  expect(await create(jobs, 'another', 'another-batch')).toBe('failed_quota');
});

test('a deleted job is not found, after its work is done and after a restart', async () => {
  const jobs = start();
  await create(jobs, 'first');
  await create(jobs, 'second');
  // Its input is still being checked.
  jobs.delete('first');
  await jobs.finishDueWork();
  for (const each of [jobs, start()]) {
    expect(each.get('first')).toBeUndefined();
    expect(each.all().map(({ id }) => id)).toEqual(['second']);
  }
});
