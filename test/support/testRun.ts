import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { consolePage } from '../../shared/operations/consolePage.ts';

/**
 * Bundles the functions and builds the console before the first test: what is tested is what is shipped. What the tests of
 * a run share goes into one directory, which ends with the run: the stacks that they synthesize,
 * and the compiled code of the processes that they start.
 */
export default async function setup(): Promise<() => void> {
  const directory = mkdtempSync(join(tmpdir(), 'test-run-'));
  process.env.TEST_RUN_DIRECTORY = directory;
  process.env.NODE_COMPILE_CACHE = join(directory, 'compiled');
  execFileSync(process.execPath, ['infra/build.ts'], { stdio: ['ignore', 'ignore', 'inherit'] });
  await consolePage();
  return () => rmSync(directory, { recursive: true, force: true });
}
