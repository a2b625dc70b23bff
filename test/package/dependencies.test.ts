import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..');
/** Needed by the types alone. */
const TYPES_ONLY = ['@types/aws-lambda'];

/** The packages that the modules of the package import. */
async function importedPackages(): Promise<readonly string[]> {
  const { include } = JSON.parse(readFileSync(join(ROOT, 'tsconfig.package.json'), 'utf8'));
  const { metafile } = await build({
    entryPoints: globSync(include, { cwd: ROOT, exclude: (path) => path.endsWith('.d.ts') }),
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
  const { dependencies, peerDependencies } = JSON.parse(
    readFileSync(join(ROOT, 'package.json'), 'utf8'),
  );

  const declared = Object.keys({ ...dependencies, ...peerDependencies });

  expect(declared.filter((name) => !TYPES_ONLY.includes(name)).sort()).toEqual(
    await importedPackages(),
  );
});
