import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { childEnvironment } from '../../local/childEnvironment.ts';
import { startAnthropicSimulator } from '../../simulators/anthropic/index.ts';
import { startOpenAiSimulator } from '../../simulators/openai/index.ts';
import { temporaryDirectory } from './fixtures/toyStack.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const EXAMPLE = join(ROOT, 'examples', 'requests.jsonl');

/** `npm start` without npm, to its end: what it says, the file of results and the rest. */
async function start(options: readonly string[], environment: Record<string, string> = {}) {
  const data = temporaryDirectory();
  const args = ['local/start.ts', '--data', data, '--json', ...options];
  const env = { ...childEnvironment(), ...environment };
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { cwd: ROOT, env });
  const { batchId, results, errors, ...rest } = JSON.parse(stdout);
  expect(results).toBe(join(data, 'results', `${batchId}.jsonl`));
  expect(errors).toBe(join(data, 'results', `${batchId}.errors.jsonl`));
  return { stderr, ids: idsIn(results), rest };
}

function idsIn(path: string): readonly string[] {
  const lines = readFileSync(path, 'utf8').trim().split('\n');
  return lines.map((line) => JSON.parse(line).custom_id);
}

const completed = (attempts: number) => ({
  ...{ status: 'completed', attempts, deliveries: 1 },
  counts: { total: 24, succeeded: 24, failed: 0 },
});

test.each([
  ['refused, expired and half done', ['--plan', 'failed_quota,expired,partial,completed'], 3],
  ['at another provider', ['--provider', 'anthropic'], 1],
])('the example goes through the synthesized stack, %s', async (_, options, attempts) => {
  const { stderr, ids, rest } = await start(options);

  expect(stderr).toContain(` completed   attempt ${attempts} `);
  expect(rest).toEqual(completed(attempts));
  expect(ids).toEqual(idsIn(EXAMPLE));
});

test('any kind of provider is called at an address of mine, with the key of the environment', async () => {
  const apiKeys = ['ant-mine'];
  const dataDir = temporaryDirectory();
  const api = await startAnthropicSimulator({
    dataDir,
    apiKeys,
    plan: ['completed'],
    jobSeconds: 1,
  });

  const address = ['--provider', 'anthropic', '--base-url', api.url];
  const { stderr, rest } = await start([EXAMPLE, ...address], { ANTHROPIC_API_KEY: 'ant-mine' });
  const { jobs } = await api.journal();
  await api.close();

  expect(stderr).toContain(
    `the server at ${api.url} as Anthropic, with the key in ANTHROPIC_API_KEY`,
  );
  expect(rest).toEqual(completed(1));
  expect(jobs).toHaveLength(1);
});

test('a file of mine goes to the real API where there is a key for it', async () => {
  // Prepare: a service that only this key opens.
  const apiKeys = ['sk-mine'];
  const dataDir = temporaryDirectory();
  const api = await startOpenAiSimulator({ dataDir, apiKeys, plan: ['completed'], jobSeconds: 1 });

  // Act
  const keys = { OPENAI_API_KEY: 'sk-mine', OPENAI_BASE_URL: api.url };
  const { stderr, ids, rest } = await start([EXAMPLE], keys);
  const { jobs } = await api.journal();
  await api.close();

  // Assess
  expect(stderr).toContain(`the real OpenAI API at ${api.url}, billed to OPENAI_API_KEY`);
  expect(stderr).not.toContain('sk-mine');
  expect(rest).toEqual(completed(1));
  expect(ids).toEqual(idsIn(EXAMPLE));
  expect(jobs).toHaveLength(1);
});
