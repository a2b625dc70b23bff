import { spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Where the interpreter is that has the packages, or why there is none. */
export type Python = { readonly python: string } | { readonly missing: string };

const INSTALL_MS = 180_000;

/**
 * A Python with these packages, for tests that let a provider's official Python SDK judge a
 * simulator. It is a virtual environment in the directory for temporary files, made once for each
 * set of packages and kept. Without python3, or without a package index, the reason is printed and
 * returned, and the test has to be skipped.
 *
 * @param packages with exact versions, such as `openai==3.2.0`
 */
export function pythonWith(packages: readonly string[]): Python {
  const hash = createHash('sha256').update(packages.join(' ')).digest('hex').slice(0, 16);
  const parent = join(tmpdir(), 'batch-handler-python');
  const directory = join(parent, hash);
  const python = join(directory, 'bin', 'python');
  if (existsSync(python)) return { python };

  // Two workers may make it at the same time: each makes its own, and one of them is kept.
  const own = `${directory}.${randomBytes(4).toString('hex')}`;
  try {
    mkdirSync(parent, { recursive: true });
    run('python3', ['-m', 'venv', own]);
    const install = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'];
    run(join(own, 'bin', 'python'), [...install, ...packages]);
    if (!existsSync(python)) renameSync(own, directory);
    return { python };
  } catch (error) {
    // Another worker was faster.
    if (existsSync(python)) return { python };
    const missing = error instanceof Error ? error.message : String(error);
    process.stdout.write(`skipped: no Python with ${packages.join(', ')}: ${missing}\n`);
    return { missing };
  } finally {
    rmSync(own, { recursive: true, force: true });
  }
}

/** @throws Error with the last line that the command wrote to stderr */
function run(command: string, parameters: readonly string[]): void {
  const done = spawnSync(command, parameters, { encoding: 'utf8', timeout: INSTALL_MS });
  if (done.error) throw done.error;
  if (done.status === 0) return;
  const reason = done.stderr.trim().split('\n').at(-1);
  throw new Error(`${command} ended with ${done.status ?? done.signal}: ${reason}`);
}
