import { expect, test } from 'vitest';
import { JOB_SECONDS, world } from './world.ts';

const KEY = 'bhabcdefghij012345';

test('a job and its plan continue after a restart, past deleted jobs', async () => {
  const here = await world({ plan: ['expired', 'partial', 'completed'] });
  const first = await here.job(10, `${KEY}-1`);
  here.advanceSeconds(JOB_SECONDS / 2);
  await here.restart();
  expect((await here.end(first.name)).state).toBe('JOB_STATE_EXPIRED');
  await here.client.batches.delete({ name: first.name ?? '' });
  await here.restart();

  const second = await here.job(10, `${KEY}-2`);
  const ended = await here.end(second.name);
  const before = await here.content(ended.dest?.fileName);
  await here.restart();
  expect(await here.content(ended.dest?.fileName)).toBe(before);
  await here.end((await here.job(10, `${KEY}-3`)).name);

  const { jobs } = await here.simulator.journal();
  expect(jobs.map(({ batch, key, outcome }) => [batch, key, outcome])).toEqual([
    [KEY, `${KEY}-1`, 'expired'],
    [KEY, `${KEY}-2`, 'partial'],
    [KEY, `${KEY}-3`, 'completed'],
  ]);
});

test('a restart in the middle of writing the results leaves one whole file', async () => {
  const here = await world({ plan: ['partial'] });
  const { name } = await here.job(3_000);
  await here.simulator.finishDueWork();
  here.advanceSeconds(JOB_SECONDS);
  await here.client.batches.get({ name: name ?? '' });
  await here.restart();
  const ended = await here.end(name);
  const lines = (await here.content(ended.dest?.fileName)).trim().split('\n');
  expect(new Set(lines.map((line) => JSON.parse(line).key)).size).toBe(3_000);
  expect(lines).toHaveLength(3_000);
});

test('an upload continues after a restart', async () => {
  const here = await world();
  const post = (url: string, command: string, headers = {}, body = '') =>
    fetch(url, {
      method: 'POST',
      headers: { 'x-goog-api-key': 'a-key', 'x-goog-upload-command': command, ...headers },
      body,
    });
  const url = () => new URL('/upload/v1beta/files', here.simulator.url);
  const started = await post(
    url().href,
    'start',
    {
      'x-goog-upload-protocol': 'resumable',
      'x-goog-upload-header-content-length': '6',
      'x-goog-upload-header-content-type': 'application/jsonl',
    },
    '{"file":{"display_name":"mine"}}',
  );
  const { search } = new URL(started.headers.get('x-goog-upload-url') ?? '');
  const session = () => url().href + search;
  await post(session(), 'upload', { 'x-goog-upload-offset': '0' }, 'abc');
  await here.restart();

  const asked = await post(session(), 'query');
  expect(asked.headers.get('x-goog-upload-size-received')).toBe('3');
  expect(asked.headers.get('x-goog-upload-status')).toBe('active');
  const again = await post(session(), 'upload, finalize', { 'x-goog-upload-offset': '0' }, 'abc');
  expect(again.status).toBe(400);
  const short = await post(session(), 'upload, finalize', { 'x-goog-upload-offset': '3' }, 'd');
  expect(short.status).toBe(400);
  const last = await post(session(), 'upload, finalize', { 'x-goog-upload-offset': '4' }, 'ef');

  expect(last.headers.get('x-goog-upload-status')).toBe('final');
  const { file } = (await last.json()) as { file: { name: string } };
  expect(file).toMatchObject({ displayName: 'mine', sizeBytes: '6', state: 'ACTIVE' });
  expect(await here.content(file.name)).toBe('abcdef');
});
