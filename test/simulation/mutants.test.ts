import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { MUTATIONS } from './mutations.ts';

const ROOT = join(import.meta.dirname, '../..');
const SCRIPT = join(import.meta.dirname, 'mutants.ts');

it('notices that a guard is gone', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [SCRIPT, 'the delivery id']);
  expect(stdout).toMatch(/^the delivery id\b.* +[1-9]\d* of \d+ /);
  expect(stdout).toContain('\n1 of 1 guards are noticed when they are gone\n');
});

it('finds every guard in the code', () => {
  const gone = MUTATIONS.flatMap(({ name, edits = [] }) =>
    edits
      .filter(({ file, find }) => !readFileSync(join(ROOT, file), 'utf8').includes(find))
      .map(({ file, find }) => `${name}: ${file} has no ${find}`),
  );
  expect(gone).toEqual([]);
});
