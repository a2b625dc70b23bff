import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CONTEXT_KEY } from '../../infra/context.ts';
import { childEnvironment } from '../../local/childEnvironment.ts';

const ROOT = join(import.meta.dirname, '..', '..');

/**
 * Synthesizes the project's own stack, on the bundles that the tests began with.
 *
 * @param directory gets what `cdk synth` writes
 * @param context the settings of `cdk.json`
 */
export async function synthesizeStack(directory: string, context: object = {}): Promise<void> {
  await promisify(execFile)(process.execPath, [join(ROOT, 'infra', 'app.ts')], {
    cwd: ROOT,
    timeout: 120_000,
    env: {
      ...childEnvironment(),
      CDK_OUTDIR: directory,
      CDK_CONTEXT_JSON: JSON.stringify({ [CONTEXT_KEY]: context }),
    },
  });
}
