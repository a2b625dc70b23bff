import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { build, type Metafile } from 'esbuild';
import { PROJECT } from './bundlePaths.ts';

/** Every bundle and the file it starts from. */
export const ENTRIES: Readonly<Record<string, string>> = {
  intake: join(PROJECT, 'functions', 'intake', 'index.ts'),
  sweeper: join(PROJECT, 'functions', 'sweeper', 'index.ts'),
  worker: join(PROJECT, 'functions', 'worker', 'index.ts'),
  outcome: join(PROJECT, 'functions', 'outcome', 'index.ts'),
  collector: join(PROJECT, 'functions', 'collector', 'index.ts'),
  exampleProcessor: join(PROJECT, 'examples', 'processor', 'index.ts'),
};

/** What a function loads when it starts, and what it loads at most. Source maps do not count. */
export interface BundleSize {
  readonly startBytes: number;
  readonly totalBytes: number;
}

/**
 * Bundles one function, with the AWS SDK, into `directory`/index.mjs. What the code imports
 * lazily is in chunks of its own.
 *
 * @throws Error if there is no such entry, or it does not compile
 */
export async function bundle(entry: string, directory: string): Promise<BundleSize> {
  await access(entry).catch(() => {
    throw new Error(
      `there is no ${entry} to bundle: write it, or take it out of ENTRIES in infra/bundles.ts`,
    );
  });
  const { metafile } = await build({
    entryPoints: { index: entry },
    outdir: directory,
    absWorkingDir: PROJECT,
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
  return sizeOf(metafile);
}

function sizeOf({ outputs }: Metafile): BundleSize {
  const code = Object.keys(outputs).filter((path) => path.endsWith('.mjs'));
  const bytes = (paths: Iterable<string>) =>
    [...paths].reduce((sum, path) => sum + (outputs[path]?.bytes ?? 0), 0);
  const start = new Set(code.filter((path) => outputs[path]?.entryPoint && isIndex(path)));
  for (const path of start) {
    for (const imported of outputs[path]?.imports ?? []) {
      if (imported.kind === 'import-statement' && !imported.external) start.add(imported.path);
    }
  }
  return { startBytes: bytes(start), totalBytes: bytes(code) };
}

function isIndex(path: string): boolean {
  return path.endsWith('/index.mjs');
}
