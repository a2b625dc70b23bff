import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { bundle } from '../../infra/bundles.ts';

/** Longest that one measurement may take, in milliseconds. */
const TIMEOUT_MS = 5 * 60_000;

/** Credentials that no service accepts. */
const AWS = {
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'bench',
  AWS_SECRET_ACCESS_KEY: 'bench',
  AWS_CONFIG_FILE: '/dev/null',
  AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  AWS_EC2_METADATA_DISABLED: 'true',
};

/**
 * Runs a script in a process of its own, so that the memory measured is only its own, and returns
 * the one message that it sends. The script is bundled as the functions are, because Node's loader
 * of TypeScript would be measured with it. It finds its options as JSON in its first argument.
 *
 * @param environment variables that it gets beside those of every measurement
 * @throws Error with what the script printed, if it ends without a message
 */
export async function measureInChild<T>(
  script: string,
  options: object,
  environment: Readonly<Record<string, string>> = {},
): Promise<T> {
  const child = fork(await bundled(script), [JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    // The shell's environment is left out, so that no real key and no endpoint reaches a benchmark.
    env: { PATH: process.env.PATH, ...AWS, ...environment },
    // The option that the deployed functions run with.
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

/** Drops empty lines, and the line of minified code that Node prints with an error. */
function readable(printed: string): string {
  const lines = printed.split('\n').filter((line) => line.trim() !== '' && line.length < 1_000);
  return lines.join('\n');
}

const bundles = new Map<string, Promise<string>>();
let bundleDirectory: string | undefined;

/** Bundles the script, once, and returns the path of the bundle. */
function bundled(script: string): Promise<string> {
  const known = bundles.get(script);
  if (known) return known;
  const directory = join(temporaryDirectory(), basename(script, '.ts'));
  const path = bundle({ index: script }, directory).then(() => join(directory, 'index.mjs'));
  bundles.set(script, path);
  return path;
}

function temporaryDirectory(): string {
  if (bundleDirectory !== undefined) return bundleDirectory;
  const created = mkdtempSync(join(tmpdir(), 'bench-bundles-'));
  process.once('exit', () => rmSync(created, { recursive: true, force: true }));
  bundleDirectory = created;
  return created;
}
