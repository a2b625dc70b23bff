import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { connectClient } from '../../../../shared/providers/gemini/api.ts';
import { upload } from '../../../../shared/providers/gemini/submit.ts';
import type { Fault } from '../../../../simulators/engine/faults.ts';
import { startGeminiSimulator } from '../../../../simulators/gemini/index.ts';
import { API_KEY } from './provider.ts';

/** Three chunks, the last one small. */
const BYTES = 2 * 8 * 1024 * 1024 + 5;
const content = randomBytes(BYTES);

async function world() {
  const directory = await mkdtemp(join(tmpdir(), 'gemini-upload-'));
  const dataDir = join(directory, 'simulator');
  const simulator = await startGeminiSimulator({ dataDir });
  onTestFinished(async () => {
    await simulator.close();
    await rm(directory, { recursive: true, force: true });
  });
  const path = join(directory, 'input.jsonl');
  await writeFile(path, content);
  const client = connectClient({ apiKey: API_KEY, baseUrl: simulator.url });
  return { client, dataDir, path, inject: simulator.inject };
}

describe('upload', () => {
  let here: Awaited<ReturnType<typeof world>>;
  beforeEach(async () => {
    here = await world();
  });
  const send = () => upload(here.client, { path: here.path, bytes: BYTES, displayName: 'a-key' });
  const stored = (name: string) => readFile(join(here.dataDir, name));
  const chunks = { method: 'POST', path: /\/upload\// };
  /** The calls after the one that opens the session. */
  const skipStart = () => here.inject({ ...chunks, fault: { kind: 'delay', delayMs: 0 } });

  test('sends a file in chunks', async () => {
    expect(content.equals(await stored(await send()))).toBe(true);
  });

  test.each<[string, Fault]>([
    ['is reset', { kind: 'reset' }],
    ['arrives, but its answer is lost', { kind: 'lost' }],
    ['is answered 503', { kind: 'status', status: 503 }],
  ])('continues when a chunk %s', async (_name, fault) => {
    skipStart();
    here.inject({ ...chunks, fault });
    expect(content.equals(await stored(await send()))).toBe(true);
  });

  test('fails if a session makes no progress', async () => {
    skipStart();
    here.inject({ ...chunks, times: 100, fault: { kind: 'status', status: 503 } });
    await expect(send()).rejects.toMatchObject({ kind: 'transient' });
  });

  test('a refused chunk is not sent again', async () => {
    skipStart();
    here.inject({ ...chunks, fault: { kind: 'status', status: 400 } });
    await expect(send()).rejects.toMatchObject({ kind: 'permanent' });
  });
});
