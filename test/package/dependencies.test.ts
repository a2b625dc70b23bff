import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { expect, it } from 'vitest';
import { BUNDLE_ENTRIES } from '../../infra/bundles.ts';

const ROOT = join(import.meta.dirname, '..', '..');
/** Needed by the types alone, or loaded by a call of `require` while a stack is synthesized. */
const NOT_IMPORTED = ['@types/aws-lambda', 'esbuild'];

/** The packages that these modules import, and what they import themselves. */
async function importedPackages(entryPoints: string[]): Promise<readonly string[]> {
  const { metafile } = await build({
    entryPoints,
    absWorkingDir: ROOT,
    outdir: 'nowhere',
    write: false,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    metafile: true,
    logLevel: 'silent',
  });
  const imports = Object.values(metafile.outputs).flatMap((output) => output.imports);
  const names = imports
    .filter(({ external, path }) => external && !path.startsWith('node:'))
    .map(({ path }) =>
      path
        .split('/')
        .slice(0, path.startsWith('@') ? 2 : 1)
        .join('/'),
    );
  return [...new Set(names)].sort();
}

it('depends on what it imports, and on nothing else', async () => {
  const { dependencies, optionalDependencies, peerDependencies } = JSON.parse(
    readFileSync(join(ROOT, 'package.json'), 'utf8'),
  );
  const { include } = JSON.parse(readFileSync(join(ROOT, 'tsconfig.package.json'), 'utf8'));
  const modules = globSync(include, { cwd: ROOT, exclude: (path) => path.endsWith('.d.ts') });

  const declared = Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies });

  expect(declared.filter((name) => !NOT_IMPORTED.includes(name)).sort()).toEqual(
    await importedPackages(modules),
  );
});

it('brings no SDK to the functions that only the command line uses', async () => {
  const packages = await importedPackages(Object.values(BUNDLE_ENTRIES.handler));
  expect(packages).toContain('@anthropic-ai/sdk');
  expect(packages).not.toContain('@google-cloud/vertexai');
});
