import { beforeEach, expect, it } from 'vitest';
import { runSweeper } from '../../functions/sweeper.ts';
import { noteChecks, putRunning } from '../shared/usecases/sweep/running.ts';
import { NOW } from '../support/given.ts';
import { type World, world } from '../support/world.ts';

const DEADLINE = NOW + 60_000;
const hint = (jobId: string, ...providers: string[]) => ({ action: 'check', providers, jobId });

let w: World;

beforeEach(() => {
  w = world();
  putRunning(w, 2);
});

it('an event about a job has only that job checked, at the entry that it belongs to', async () => {
  const asked = noteChecks(w);
  for (const job of w.provider.jobs)
    job.state = {
      state: 'ended',
      outcome: { kind: 'completed', jobId: job.id, files: ['output'] },
    };

  await runSweeper(w.dependencies, hint('job_1', 'other', 'openai'), DEADLINE);

  expect(asked).toEqual(['b1']);
  expect(w.workQueue).toEqual([{ action: 'collect', batchId: 'b1' }]);
});

it('an event about an unknown job changes nothing', async () => {
  const asked = noteChecks(w);

  await runSweeper(w.dependencies, hint('forged', 'openai'), DEADLINE);

  expect(asked).toEqual([]);
  expect(w.workQueue).toEqual([]);
});

it('an event that comes twice has the job collected once', async () => {
  const [job] = w.provider.jobs;
  if (job === undefined) throw new Error('no job');
  job.state = { state: 'ended', outcome: { kind: 'completed', jobId: job.id, files: ['output'] } };

  await runSweeper(w.dependencies, hint('job_0', 'openai'), DEADLINE);
  await runSweeper(w.dependencies, hint('job_0', 'openai'), DEADLINE);

  expect(w.workQueue).toEqual([{ action: 'collect', batchId: 'b0' }]);
});

it('an event with unknown fields is an error, and a tick of the schedule is a sweep', async () => {
  const asked = noteChecks(w);
  const wrong = { ...hint('job_0', 'openai'), endpoint: 'https://example.com' };

  await expect(runSweeper(w.dependencies, wrong, DEADLINE)).rejects.toThrow('endpoint');
  expect(asked).toEqual([]);

  await runSweeper(w.dependencies, {}, DEADLINE);
  expect(asked.sort()).toEqual(['b0', 'b1']);
});
