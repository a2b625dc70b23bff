import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';
import { PACKAGE_ROOT } from '../shared/package.ts';
import { type CommandLine, UsageError } from './commandLine.ts';
import { lockDirectory } from './emulators/directoryLock.ts';
import { localProviders } from './providerKinds.ts';

/** How long it may take, in milliseconds. */
const SYNTH_TIMEOUT_MS = 5 * 60_000;

/** Everything that the template or a bundle depends on. */
const SOURCES = ['cdk.json', 'package-lock.json', 'examples', 'functions', 'infra', 'shared'];

const run = promisify(execFile);

/**
 * Builds the bundles and synthesizes the stack as a deployment does, by the `build` and `app` of
 * cdk.json, unless nothing has changed since the last time.
 *
 * @param root of the project
 * @param provider the one that the stack has instead of those of cdk.json
 * @param note is told when there is something to wait for
 * @returns the directory of the synthesized stack
 * @throws Error with what the failing command printed
 */
export async function synthesize(
  root: string,
  provider: string | undefined,
  note: (text: string) => void,
): Promise<string> {
  const directory = provider ? join(root, 'dist', 'local', provider) : join(root, 'cdk.out');
  const mark = join(
    root,
    'node_modules',
    '.cache',
    'local-run',
    `fingerprint${provider ? `-${provider}` : ''}`,
  );
  mkdirSync(join(mark, '..'), { recursive: true });
  // Two runs that start together would write over each other's bundles.
  const unlock = lockDirectory(join(mark, '..'), SYNTH_TIMEOUT_MS);
  try {
    const sources = fingerprint(root, SOURCES);
    const manifest = relative(root, join(directory, 'manifest.json'));
    const stamp = (): string => `${sources} ${fingerprint(root, [manifest])}`;
    const known = existsSync(mark) ? readFileSync(mark, 'utf8') : '';
    if (existsSync(join(root, manifest)) && stamp() === known) return directory;
    note('building the functions and synthesizing the stack');
    const cdk = join(root, 'node_modules', 'aws-cdk', 'bin', 'cdk');
    const args = [cdk, 'synth', '--quiet', '--output', directory, ...context(root, provider)];
    await run(process.execPath, args, { cwd: root, timeout: SYNTH_TIMEOUT_MS }).catch((error) => {
      const output = String(error.stderr || error.message).trim();
      throw new Error(`synthesizing the stack failed: ${output}`, { cause: error });
    });
    writeFileSync(mark, stamp());
    return directory;
  } finally {
    unlock();
  }
}

/** The settings of cdk.json with the one provider in the place of its own. */
function context(root: string, provider: string | undefined): readonly string[] {
  if (provider === undefined) return [];
  const { context: settings = {} } = JSON.parse(readFileSync(join(root, 'cdk.json'), 'utf8'));
  return [
    '-c',
    `batchHandler=${JSON.stringify({ ...settings.batchHandler, providers: localProviders(provider) })}`,
  ];
}

/**
 * Where the stack is that is to be run. A clone synthesizes its own. The package has none: it runs
 * the stack of the app that it is installed in.
 *
 * @throws UsageError if there is none
 */
export async function assemblyDirectory(
  { assembly, provider }: Pick<CommandLine, 'assembly' | 'provider'>,
  note: (text: string) => void,
): Promise<string> {
  const isClone = existsSync(join(PACKAGE_ROOT, 'cdk.json'));
  if (isClone && assembly === undefined) return synthesize(PACKAGE_ROOT, provider, note);
  if (provider !== undefined) {
    throw new UsageError(
      '--provider is for the stack of a clone: a synthesized one has the providers of its app',
    );
  }
  const directory = assembly ?? 'cdk.out';
  if (existsSync(directory)) return directory;
  throw new UsageError(
    `${directory} holds no synthesized stack: run "npx cdk synth" first, or name its output with --assembly`,
  );
}

/** Tells whether any file under the given paths has changed: by name, size and time. */
function fingerprint(root: string, paths: readonly string[]): string {
  const hash = createHash('sha256');
  const add = (path: string): void => {
    const { size, mtimeMs } = statSync(path);
    hash.update(`${path}\n${size}\n${mtimeMs}\n`);
  };
  for (const path of paths.map((each) => join(root, each))) {
    if (!existsSync(path)) continue;
    if (!statSync(path).isDirectory()) add(path);
    else
      readdirSync(path, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name))
        .sort()
        .forEach(add);
  }
  return hash.digest('hex');
}
