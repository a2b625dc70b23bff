import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const ROOT = join(import.meta.dirname, '..', '..');
/** What somebody who writes a CDK app in TypeScript has beside it. */
const OF_THE_APP = ['@types/node', '@types/pg', 'csv-stringify', 'pg'];

const run = promisify(execFile);

/** An app with the package as npm packs it, in a directory of its own. */
export interface ScratchApp {
  readonly directory: string;
  readonly tarball: { readonly size: number; readonly files: readonly { readonly path: string }[] };
}

/**
 * Packs the package and installs it without the network: what it declares is linked to what the
 * checkout has, and what it does not declare is not there.
 */
export async function createScratchApp(): Promise<ScratchApp> {
  const directory = mkdtempSync(join(tmpdir(), 'scratch-app-'));
  await run('npm', ['run', 'build:package'], { cwd: ROOT });
  // The bundles are there: other tests use them, and a build would take them away for a moment.
  const pack = ['pack', '--ignore-scripts', '--json', '--pack-destination', directory];
  const { stdout } = await run('npm', pack, { cwd: ROOT });
  const [tarball] = JSON.parse(stdout);
  const modules = join(directory, 'node_modules');
  const installed = join(modules, 'batch-handler');
  mkdirSync(installed, { recursive: true });
  const extract = ['-xzf', join(directory, tarball.filename), '--strip-components=1'];
  await run('tar', [...extract, '-C', installed]);

  const { dependencies, peerDependencies } = JSON.parse(
    readFileSync(join(installed, 'package.json'), 'utf8'),
  );
  const names = Object.keys({ ...dependencies, ...peerDependencies });
  for (const name of new Set([...names, ...OF_THE_APP])) {
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules', name), join(modules, name));
  }
  writeFileSync(join(directory, 'package.json'), JSON.stringify({ type: 'module' }));
  // What a processor's bundling looks for, to tell where the app begins.
  writeFileSync(join(directory, 'package-lock.json'), '{}');
  for (const from of ['examples', join('test', 'package', 'app')])
    cpSync(join(ROOT, from), join(directory, from === 'examples' ? from : 'app'), {
      recursive: true,
    });
  return { directory, tarball };
}

/** Errors of the compiler, one a line; none if all is well. */
export async function typeErrors(directory: string, options: object): Promise<readonly string[]> {
  const compilerOptions = {
    ...{ target: 'es2024', strict: true, noEmit: true, types: ['node'] },
    // Node.js runs the files as they are.
    allowImportingTsExtensions: true,
  };
  const config = join(directory, 'tsconfig.json');
  writeFileSync(
    config,
    JSON.stringify({
      compilerOptions: { ...compilerOptions, ...options },
      include: ['app', 'examples/*/*.ts'],
    }),
  );
  const tsc = join(ROOT, 'node_modules', '.bin', 'tsc');
  return run(tsc, ['-p', config, '--pretty', 'false'], { cwd: directory }).then(
    () => [],
    ({ stdout }) => String(stdout).trim().split('\n'),
  );
}
