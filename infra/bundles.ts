import { access, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { build, type Metafile } from 'esbuild';
import { PACKAGE_ROOT } from '../shared/package.ts';
import { BUNDLE_OPTIONS } from './bundleOptions.ts';
import type { BundleName } from './bundlePaths.ts';

/** The entry file of each module of each bundle. */
export const BUNDLE_ENTRIES: Readonly<Record<BundleName, Readonly<Record<string, string>>>> = {
  handler: Object.fromEntries(
    ['intake', 'sweeper', 'worker', 'outcome', 'collector', 'webhook', 'api'].map((name) => [
      name,
      join(PACKAGE_ROOT, 'functions', `${name}.ts`),
    ]),
  ),
  exampleProcessor: { index: join(PACKAGE_ROOT, 'examples', 'processor', 'index.ts') },
};

/** The source map of the tokenizer's table: a megabyte of positions in data, in which no error has its place. */
const DATA_MAP = /\/o200k_base-\w+\.mjs\.map$/;

/** The bytes of code that a function loads at start, and with all lazy chunks. Source maps are not counted. */
export interface BundleSize {
  readonly startBytes: number;
  readonly totalBytes: number;
}

/**
 * Bundles functions, with the AWS SDK, each into `directory`/<name>.mjs. Code that they share is
 * written once, and code that is imported lazily goes into chunks of its own.
 *
 * @param entries entry file by function name
 * @returns the sizes by function name
 * @throws Error if an entry file does not exist or does not compile
 */
export async function bundle<Name extends string>(
  entries: Readonly<Record<Name, string>>,
  directory: string,
): Promise<Readonly<Record<Name, BundleSize>>> {
  for (const entry of Object.values<string>(entries)) {
    await access(entry).catch(() => {
      throw new Error(
        `there is no ${entry} to bundle: write it, or take it out of BUNDLE_ENTRIES in infra/bundles.ts`,
      );
    });
  }
  const { metafile } = await build({
    ...BUNDLE_OPTIONS,
    entryPoints: entries,
    outdir: directory,
    absWorkingDir: PACKAGE_ROOT,
    // The examples import the package as a user's code does. In a clone it may not be built yet.
    alias: {
      ...BUNDLE_OPTIONS.alias,
      'batch-handler/processor': join(PACKAGE_ROOT, 'shared', 'processor', 'index.ts'),
    },
    metafile: true,
  });
  for (const path of Object.keys(metafile.outputs).filter((each) => DATA_MAP.test(each)))
    await rm(join(PACKAGE_ROOT, path));
  const sizes = Object.keys(entries).map((name) => [name, sizeOf(metafile, `/${name}.mjs`)]);
  return Object.fromEntries(sizes);
}

function sizeOf({ outputs }: Metafile, module: string): BundleSize {
  const isModule = (path: string) => path.endsWith(module) && outputs[path]?.entryPoint;
  const start = reach(outputs, isModule, ['import-statement']);
  const total = reach(outputs, isModule, ['import-statement', 'dynamic-import']);
  return { startBytes: start, totalBytes: total };
}

/** The bytes of a module and of everything that it imports, transitively, by these kinds of import. */
function reach(
  outputs: Metafile['outputs'],
  isModule: (path: string) => unknown,
  kinds: readonly string[],
): number {
  const reached = new Set(Object.keys(outputs).filter(isModule));
  for (const path of reached) {
    for (const { kind, external, path: imported } of outputs[path]?.imports ?? []) {
      if (kinds.includes(kind) && !external) reached.add(imported);
    }
  }
  return [...reached].reduce((sum, path) => sum + (outputs[path]?.bytes ?? 0), 0);
}
