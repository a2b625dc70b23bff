import { fork } from 'node:child_process';
import { bundled } from './bundled.ts';

/** Longest that one measurement may take, in milliseconds. */
const TIMEOUT_MS = 5 * 60_000;

/**
 * Runs a script in a process of its own, so that its memory is its own, and gives the one message
 * that it sends. It is bundled as the functions are: Node's loader of TypeScript would be measured
 * with it. The script takes its options as JSON in its first argument.
 *
 * @throws Error with what it printed if it ends without a message
 */
export async function measureInChild<T>(script: string, options: object): Promise<T> {
  const child = fork(await bundled(script), [JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    // Nothing of the shell's environment: no key and no endpoint reaches a benchmark.
    env: { PATH: process.env.PATH, ...AWS },
    // As the functions are run.
    execArgv: ['--max-semi-space-size=4'],
    timeout: TIMEOUT_MS,
  });
  let printed = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => {
      printed = (printed + text).slice(-4_000);
    });
  return new Promise<T>((resolve, reject) => {
    let result: { readonly value: T } | undefined;
    child.once('message', (value) => {
      result = { value: value as T };
    });
    child.once('error', reject);
    child.once('close', (code, signal) => {
      if (result) resolve(result.value);
      else reject(new Error(`${script} ended with ${signal ?? code}: ${readable(printed)}`));
    });
  });
}

/** Without the line of the bundle that an error quotes, which is the bundle. */
function readable(printed: string): string {
  const lines = printed.split('\n').filter((line) => line.trim() !== '' && line.length < 1_000);
  return lines.join('\n');
}

/** Credentials that no service takes. */
const AWS = {
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'bench',
  AWS_SECRET_ACCESS_KEY: 'bench',
  AWS_CONFIG_FILE: '/dev/null',
  AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  AWS_EC2_METADATA_DISABLED: 'true',
};
