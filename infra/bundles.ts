import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { build, type Metafile } from 'esbuild';
import { PACKAGE_ROOT } from '../shared/package.ts';
import type { BundleName } from './bundlePaths.ts';

/** The file that each module of each bundle starts from. */
export const BUNDLE_ENTRIES: Readonly<Record<BundleName, Readonly<Record<string, string>>>> = {
  handler: Object.fromEntries(
    ['intake', 'sweeper', 'worker', 'outcome', 'collector', 'webhook'].map((name) => [
      name,
      join(PACKAGE_ROOT, 'functions', `${name}.ts`),
    ]),
  ),
  exampleProcessor: { index: join(PACKAGE_ROOT, 'examples', 'processor', 'index.ts') },
};

/** What a function loads when it starts, and what it loads at most. Source maps do not count. */
export interface BundleSize {
  readonly startBytes: number;
  readonly totalBytes: number;
}

/**
 * Bundles functions together, with the AWS SDK, each into `directory`/<name>.mjs. What they share
 * is there once, and what the code imports lazily is in chunks of its own.
 *
 * @param entries the file that each begins with
 * @throws Error if there is no such file, or it does not compile
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
    entryPoints: entries,
    outdir: directory,
    absWorkingDir: PACKAGE_ROOT,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    splitting: true,
    outExtension: { '.js': '.mjs' },
    // The AWS SDK's default entry is CommonJS, which cannot be shaken and starts slower.
    mainFields: ['module', 'main'],
    // Google's libraries are CommonJS, which asks for Node's modules by a `require` of its own.
    banner: {
      js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);",
    },
    minify: true,
    sourcemap: true,
    // Stack traces need the positions only; the sources would triple what is uploaded.
    sourcesContent: false,
    metafile: true,
    // What is wrong is in the error that is thrown.
    logLevel: 'silent',
  });
  const sizes = Object.keys(entries).map((name) => [name, sizeOf(metafile, `/${name}.mjs`)]);
  return Object.fromEntries(sizes);
}

function sizeOf({ outputs }: Metafile, module: string): BundleSize {
  const isModule = (path: string) => path.endsWith(module) && outputs[path]?.entryPoint;
  const start = reach(outputs, isModule, ['import-statement']);
  const total = reach(outputs, isModule, ['import-statement', 'dynamic-import']);
  return { startBytes: start, totalBytes: total };
}

/** The bytes of a module and of all that it imports in one of these ways. */
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
