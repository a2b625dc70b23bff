import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryDirectory } from './fixtures/toyStack.ts';

const ROOT = join(import.meta.dirname, '..', '..');

test.each([
  ['refused, expired and half done', ['--plan', 'failed_quota,expired,partial,completed'], 3],
  ['at another provider', ['--provider', 'anthropic'], 1],
])(
  'the example goes through the synthesized stack, %s',
  {
    timeout: 240_000,
  },
  (_, options, attempts) => {
    // Prepare
    const data = temporaryDirectory();
    const args = ['local/start.ts', '--data', data, '--json', ...options];

    // Act
    const { status, stdout, stderr } = spawnSync(process.execPath, args, {
      cwd: ROOT,
      encoding: 'utf8',
      env: { PATH: process.env.PATH },
    });

    // Assess
    expect(status, stderr).toBe(0);
    expect(stderr).toContain(` completed   attempt ${attempts} `);
    const { batchId, results, ...rest } = JSON.parse(stdout);
    expect(rest).toEqual({
      status: 'completed',
      attempts,
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
  },
);
