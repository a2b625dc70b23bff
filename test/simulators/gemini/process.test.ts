import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';

const MAIN = join(import.meta.dirname, '../../../simulators/gemini/main.ts');

test('announces itself and ends with its parent', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'gemini-simulator-'));
  const child = fork(MAIN, [JSON.stringify({ dataDir })], { silent: true });
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await rm(dataDir, { recursive: true, force: true });
  });
  const [{ url }] = await once(child, 'message');
  const headers = { 'x-goog-api-key': 'any' };
  expect(await (await fetch(`${url}/v1beta/batches`, { headers })).json()).toEqual({});
  const exit = once(child, 'exit');
  child.disconnect();
  expect(await exit).toEqual([0, null]);
});
