import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { childEnvironment } from '../../local/childEnvironment.ts';

const ROOT = join(import.meta.dirname, '..', '..');

/**
 * Synthesizes the project's own stack on the bundles that the tests began with, once for all
 * tests of a run: nobody may change what is in the directory.
 *
 * @param settings those of `cdk.json`; its feature flags hold as they are
 * @returns the directory, with what `cdk synth` writes
 */
export async function synthesizedStack(settings: object = {}): Promise<string> {
  const key = createHash('sha256').update(JSON.stringify(settings)).digest('hex').slice(0, 16);
  const directory = join(sharedDirectory(), key);
  const lock = `${directory}.lock`;
  while (!existsSync(directory)) {
    try {
      mkdirSync(lock);
    } catch {
      // A test in another process is at it.
      await wait(100);
      continue;
    }
    try {
      await synthesize(`${directory}.part`, settings);
      renameSync(`${directory}.part`, directory);
    } finally {
      rmSync(lock, { recursive: true });
    }
  }
  return directory;
}

/** It is not validated, which takes most of the time of a synthesis: the tests of `infra` are. */
async function synthesize(directory: string, settings: object): Promise<void> {
  const { context } = JSON.parse(readFileSync(join(ROOT, 'cdk.json'), 'utf8'));
  await promisify(execFile)(process.execPath, [join(ROOT, 'infra', 'app.ts')], {
    cwd: ROOT,
    timeout: 240_000,
    env: {
      ...childEnvironment(),
      CDK_OUTDIR: directory,
      CDK_CONTEXT_JSON: JSON.stringify({ ...context, batchHandler: settings }),
      CDK_VALIDATION: 'false',
    },
  });
}

let own: string | undefined;

/** The directory of the run of tests; of this process alone if it is none of such a run. */
function sharedDirectory(): string {
  const { TEST_RUN_DIRECTORY: shared } = process.env;
  if (shared !== undefined) return shared;
  if (own === undefined) {
    const directory = mkdtempSync(join(tmpdir(), 'stacks-'));
    process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
    own = directory;
  }
  return own;
}
