import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { startVertexSimulator } from '../../../simulators/vertex/index.ts';
import { localServiceAccountKey } from '../../../simulators/vertex/tokens.ts';
import { pythonWith } from '../../support/python.ts';

const found = pythonWith(['google-genai==3.6.1', 'google-cloud-storage==3.17.1']);
test.skipIf('missing' in found)("is driven by Google's SDKs for Python", async () => {
  if ('missing' in found) return;
  const dataDir = await mkdtemp(join(tmpdir(), 'sdk-simulator-'));
  const simulator = await startVertexSimulator({ dataDir, jobSeconds: 0.05 });
  onTestFinished(async () => {
    await simulator.close();
    await rm(dataDir, { recursive: true, force: true });
  });
  const script = join(import.meta.dirname, '../officialSdks/drive_vertex.py');
  const env = { ...process.env, SERVICE_ACCOUNT_KEY: localServiceAccountKey() };
  const { stdout } = await promisify(execFile)(found.python, [script, simulator.url], { env });
  expect(JSON.parse(stdout)).toEqual({
    job: ['mine', 'gemini-2.5-flash', 'JOB_STATE_SUCCEEDED'],
    answers: [1, 1],
    odd: ['JOB_STATE_FAILED', 3, 'Failed to import data'],
    listed: 2,
    errors: [
      [404, 'NOT_FOUND'],
      [400, 'FAILED_PRECONDITION'],
    ],
  });
});
