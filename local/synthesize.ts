import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';
import { PACKAGE_ROOT } from '../shared/package.ts';
import { type CommandLine, UsageError } from './commandLine.ts';
import { lockDirectory } from './emulators/directoryLock.ts';
import { localProviders } from './providerKinds.ts';

const SYNTH_TIMEOUT_MS = 5 * 60_000;

/** The paths that the template and the bundles depend on. */
const SOURCES = ['cdk.json', 'package-lock.json', 'examples', 'functions', 'infra', 'shared'];

const execFileAsync = promisify(execFile);

/**
 * Builds the bundles and synthesizes the stack as a deployment does, with the `build` and `app` of
 * cdk.json. Skips both if nothing has changed since the last time.
 *
 * @param root the root of the project
 * @param provider the only provider of the stack. Default: those of cdk.json
 * @param settings beside the provider, which only a stack of one provider has. Default: none
 * @param note called with a message if the user has to wait
 * @returns the directory of the synthesized stack
 * @throws Error with the output of the failing command
 */
export async function synthesize(
  root: string,
  provider: string | undefined,
  note: (text: string) => void,
  settings: object = {},
): Promise<string> {
  const name = provider && [provider, ...Object.keys(settings)].join('-');
  const directory = name ? join(root, 'dist', 'local', name) : join(root, 'cdk.out');
  const mark = join(
    root,
    'node_modules',
    '.cache',
    'local-run',
    `fingerprint${name ? `-${name}` : ''}`,
  );
  mkdirSync(join(mark, '..'), { recursive: true });
  // Two runs that start together would overwrite each other's bundles.
  const unlock = lockDirectory(join(mark, '..'), SYNTH_TIMEOUT_MS);
  try {
    const sources = fingerprint(root, SOURCES);
    const manifest = relative(root, join(directory, 'manifest.json'));
    const stamp = (): string => `${sources} ${fingerprint(root, [manifest])}`;
    const known = existsSync(mark) ? readFileSync(mark, 'utf8') : '';
    if (existsSync(join(root, manifest)) && stamp() === known) return directory;
    note('building the functions and synthesizing the stack');
    const cdk = join(root, 'node_modules', 'aws-cdk', 'bin', 'cdk');
    const args = [
      cdk,
      'synth',
      '--quiet',
      '--output',
      directory,
      ...contextArguments(root, provider, settings),
    ];
    await execFileAsync(process.execPath, args, { cwd: root, timeout: SYNTH_TIMEOUT_MS }).catch(
      (error) => {
        const output = String(error.stderr || error.message).trim();
        throw new Error(`the stack could not be synthesized: ${output}`, { cause: error });
      },
    );
    writeFileSync(mark, stamp());
    return directory;
  } finally {
    unlock();
  }
}

/** Arguments that replace the providers in the settings of cdk.json. */
function contextArguments(
  root: string,
  provider: string | undefined,
  more: object,
): readonly string[] {
  if (provider === undefined) return [];
  const { context: settings = {} } = JSON.parse(readFileSync(join(root, 'cdk.json'), 'utf8'));
  return [
    '-c',
    `batchHandler=${JSON.stringify({ ...settings.batchHandler, providers: localProviders(provider), ...more })}`,
  ];
}

/**
 * The directory of the synthesized stack to run. A clone synthesizes its own stack. The package runs
 * that of the app in which it is installed.
 *
 * @throws UsageError if there is no synthesized stack
 */
export async function assemblyDirectory(
  { assembly, provider }: Pick<CommandLine, 'assembly' | 'provider'>,
  note: (text: string) => void,
): Promise<string> {
  const isClone = existsSync(join(PACKAGE_ROOT, 'cdk.json'));
  if (isClone && assembly === undefined) return synthesize(PACKAGE_ROOT, provider, note);
  if (provider !== undefined) {
    throw new UsageError(
      '--provider works only in a clone: a synthesized stack has the providers of its app',
    );
  }
  const directory = assembly ?? 'cdk.out';
  if (existsSync(directory)) return directory;
  throw new UsageError(
    `there is no synthesized stack in ${directory}: run "npx cdk synth" first, or pass its output directory with --assembly`,
  );
}

/** A hash that changes with the name, size or time of any file under the given paths. */
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
