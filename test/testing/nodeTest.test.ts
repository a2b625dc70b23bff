import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

test("the suites run on Node's own test runner", async () => {
  const file = join(import.meta.dirname, 'underNode.ts');
  const args = ['--test', '--test-reporter=tap', file];
  // Without it, Node takes itself for a test of the runner that started it.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;

  const { stdout } = await promisify(execFile)(process.execPath, args, { env });

  expect(stdout).toContain('ok 1 - BatchStore.create: writes a new record once');
  expect(stdout).toMatch(/^# fail 0$/m);
  expect(Number(/^# pass (\d+)$/m.exec(stdout)?.[1])).toBeGreaterThan(20);
});
