import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryDirectory } from './fixtures/toyStack.ts';

const ROOT = join(import.meta.dirname, '..', '..');

test('the example goes through the synthesized stack, an expired job and all', {
  timeout: 240_000,
}, () => {
  // Prepare
  const data = temporaryDirectory();
  const args = ['local/start.ts', '--data', data, '--json', '--plan', 'expired,completed'];

  // Act
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: ROOT,
    encoding: 'utf8',
    env: { PATH: process.env.PATH },
  });

  // Assess
  expect(stderr).toMatch(/ completed {3}attempt 2 /);
  expect(status).toBe(0);
  const { batchId, results, ...rest } = JSON.parse(stdout);
  expect(rest).toEqual({
    status: 'completed',
    attempts: 2,
    counts: { total: 24, succeeded: 24, failed: 0 },
    deliveries: 1,
  });
  expect(results).toBe(join(data, 'results', `${batchId}.jsonl`));
  const idsIn = (path: string) =>
    readFileSync(path, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).custom_id);
  expect(idsIn(results)).toEqual(idsIn(join(ROOT, 'examples', 'requests.jsonl')));
});
