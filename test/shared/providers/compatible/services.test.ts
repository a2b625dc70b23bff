import { describe, expect, onTestFinished, test } from 'vitest';
import { compatible } from '../../../../shared/providers/compatible/description.ts';
import { connectCompatible } from '../../../../shared/providers/compatible/index.ts';
import { startOpenAiSimulator } from '../../../../simulators/openai/index.ts';
import { dialectOf, SERVICES, type ServiceName } from '../../../../simulators/openai/services.ts';
import { entryAt } from '../entry.ts';
import { simulate } from '../harness.ts';
import {
  customIds,
  jobContext,
  KEY,
  leftFiles,
  listed,
  outcomeOf,
  rowsOf,
  submit,
} from '../steps.ts';

const JOB = {
  endpoint: '/v1/chat/completions',
  model: 'm',
  request: (custom_id: string) => ({
    ...{ custom_id, method: 'POST', url: '/v1/chat/completions' },
    body: { model: 'm', messages: [{ role: 'user', content: 'Hello' }] },
  }),
};

async function start(service: ServiceName, plan = 'partial') {
  const dialect = dialectOf(service);
  const completionWindow = dialect.windows.at(-1) ?? '';
  const simulation = await simulate(
    (dataDir) =>
      startOpenAiSimulator({ dataDir, plan: [plan], jobSeconds: 0.05 }, Date.now, dialect),
    (baseUrl) =>
      connectCompatible(
        entryAt(compatible, { baseUrl, secret: 'sk-test', settings: { completionWindow } }),
      ),
  );
  onTestFinished(() => simulation.close());
  return simulation;
}

describe.each(Object.keys(SERVICES) as ServiceName[])('%s', (service) => {
  test('runs a job to its rows, in its longest window, and leaves no file', async () => {
    const { provider, journal } = await start(service);
    const ids = customIds(20);

    const jobId = await submit(provider, JOB, ids, { completionWindow: undefined });
    const outcome = await outcomeOf(provider, jobId);
    const rows = await rowsOf(provider, JOB, outcome);

    expect(outcome).toMatchObject({ kind: 'completed', files: { length: 2 } });
    expect(rows.map((row) => row.custom_id).toSorted()).toEqual(ids.toSorted());
    await provider.deleteFiles(jobId);
    expect(leftFiles((await journal()).events)).toEqual([]);
  });

  test('shows the key of each job, and its state', async () => {
    const { provider } = await start(service, 'stuck');
    const keys = [KEY, KEY.replace('a', 'b')];
    for (const key of keys)
      await submit(provider, JOB, ['a'], { key, completionWindow: undefined });
    expect((await listed(provider, 0)).map((job) => job.key).toSorted()).toEqual(keys.toSorted());
    const states = [];
    for await (const { state } of provider.listStates?.() ?? []) states.push(state.state);
    expect(states).toEqual(['running', 'running']);
  });

  test('deletes the upload of a job whose answer was lost', async () => {
    const { provider, journal, inject } = await start(service);
    inject({ method: 'POST', path: /batches$/, fault: { kind: 'status', status: 500 } });
    const submitting = submit(provider, JOB, ['a'], { completionWindow: undefined });
    await expect(submitting).rejects.toMatchObject({ kind: 'uncertain' });

    await provider.deleteLeftovers(new Set([jobContext(JOB).key]), 0);

    expect(leftFiles((await journal()).events)).toEqual([]);
  });
});
