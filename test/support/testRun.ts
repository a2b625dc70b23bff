import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Bundles the functions before the first test: what is tested is what deploys. What the tests of
 * a run share goes into one directory, which ends with the run: the stacks that they synthesize,
 * and the compiled code of the processes that they start.
 */
export default function setup(): () => void {
  const directory = mkdtempSync(join(tmpdir(), 'test-run-'));
  process.env.TEST_RUN_DIRECTORY = directory;
  process.env.NODE_COMPILE_CACHE = join(directory, 'compiled');
  execFileSync(process.execPath, ['infra/build.ts'], { stdio: ['ignore', 'ignore', 'inherit'] });
  return () => rmSync(directory, { recursive: true, force: true });
}
