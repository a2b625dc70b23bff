import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import OpenAI from 'openai';
import { expect, onTestFinished, test } from 'vitest';

const MAIN = join(import.meta.dirname, '../../../simulators/openai/main.ts');

async function start(options: Record<string, unknown>): Promise<ChildProcess> {
  const dataDir = await mkdtemp(join(tmpdir(), 'openai-simulator-'));
  const child = fork(MAIN, [JSON.stringify({ dataDir, ...options })], { silent: true });
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await rm(dataDir, { recursive: true, force: true });
  });
  return child;
}

test('announces itself twice and ends with its parent', async () => {
  const child = await start({});
  const line = once(child.stdout ?? child, 'data');
  const [message] = await once(child, 'message');
  const [output] = await line;
  expect(JSON.parse(String(output))).toEqual(message);
  const client = new OpenAI({ apiKey: 'sk-test', baseURL: message.url, maxRetries: 0 });
  expect((await client.batches.list()).data).toEqual([]);
  const exit = once(child, 'exit');
  child.disconnect();
  expect(await exit).toEqual([0, null]);
});

test('wrong options and a taken port end it with code 2 and a line that says why', async () => {
  const first = await start({});
  const [{ port }] = await once(first, 'message');
  for (const [options, reason] of [
    [{ port }, 'EADDRINUSE'],
    [{ plan: ['explode'] }, 'explode'],
  ] as const) {
    const child = await start(options);
    let errors = '';
    child.stderr?.on('data', (chunk) => {
      errors += chunk;
    });
    expect(await once(child, 'close')).toEqual([2, null]);
    expect(errors).toContain(reason);
  }
});
