import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const SCRIPT = join(import.meta.dirname, 'mutants.ts');

it('notices that a guard is gone', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [SCRIPT, 'the delivery id']);
  expect(stdout).toMatch(/^the delivery id\b.* +[1-9]\d* of \d+ /);
  expect(stdout).toContain('\n1 of 1 guards are noticed when they are gone\n');
});
