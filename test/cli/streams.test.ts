import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const MAIN = join(import.meta.dirname, '..', '..', 'cli', 'main.ts');
const run = (redirection: string, args = '--help') =>
  spawnSync(
    'bash',
    ['-c', `set -o pipefail; '${process.execPath}' '${MAIN}' ${args} ${redirection}`],
    {
      encoding: 'utf8',
    },
  );

describe('stdout', () => {
  it.skipIf(!existsSync('/dev/full'))('that is full is one line, and exit code 1', () => {
    const { status, stderr } = run('>/dev/full');
    expect(stderr).toBe('cannot write stdout: no space left on the device\n');
    expect(status).toBe(1);
  });

  it('may be closed by its reader', () => {
    expect(run('| true')).toMatchObject({ status: 0, stderr: '' });
  });
});

it.skipIf(!existsSync('/dev/full'))('stderr that is full does not change the exit code', () => {
  expect(run('2>/dev/full', '--nope')).toMatchObject({ status: 2 });
});
