import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { localRun } from './fixtures/localRun.ts';
import { temporaryDirectory } from './fixtures/toyStack.ts';

// The toy stack knows no batches: its queue puts the message aside after two tries.

function input(): string {
  const path = join(temporaryDirectory(), 'my requests.jsonl');
  writeFileSync(path, '{"custom_id":"1"}\n');
  return path;
}

test('a batch whose message is put aside ends the run, with one JSON line for it', async () => {
  const data = temporaryDirectory();

  const { code, stdout, stderr } = await localRun(['--data', data, '--json', input()]);

  expect(code).toBe(1);
  const lines = stdout.trimEnd().split('\n');
  expect(lines).toHaveLength(1);
  const { batchId, ...rest } = JSON.parse(lines[0] ?? '');
  expect(batchId).toMatch(/^my-requests-[a-z0-9]{6}$/);
  expect(rest).toEqual({
    status: 'refused',
    attempts: 0,
    counts: { total: 0, succeeded: 0, failed: 0 },
    deliveries: 0,
    results: join(data, 'results', `${batchId}.jsonl`),
    errors: join(data, 'results', `${batchId}.errors.jsonl`),
  });
  expect(stderr).toContain(`${batchId}: no function could handle its message; see the logs`);
});

test('for people it is a summary, and the next run does not wait for it', async () => {
  const data = temporaryDirectory();
  const first = await localRun(['--data', data, input()]);

  const second = await localRun(['--data', data, input()]);

  expect(first.code).toBe(1);
  expect(first.stdout).toMatch(/^my-requests-\w+ {2}sent/m);
  expect(first.stdout).toMatch(/^my-requests-\w+: refused, attempts 0, deliveries 0, /m);
  expect(first.stderr).toBe('');
  const [firstId] = /my-requests-\w+/.exec(first.stdout) ?? [];
  expect(second.stdout).not.toContain(firstId);
});
