import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { BUNDLES } from './bundlePaths.ts';
import { BUNDLE_ENTRIES, bundle } from './bundles.ts';
import { replaceDirectory } from './replaceDirectory.ts';

// Bundles are built beside the old ones and moved into place, so a failed build leaves the old ones intact.
const parent = dirname(BUNDLES);
await mkdir(parent, { recursive: true });
const building = await mkdtemp(join(parent, 'building-'));
try {
  for (const [bundleName, entries] of Object.entries(BUNDLE_ENTRIES)) {
    const sizes = await bundle(entries, join(building, bundleName));
    for (const [name, { startBytes, totalBytes }] of Object.entries(sizes)) {
      const size = `${kilobytes(startBytes)} KB at start, ${kilobytes(totalBytes)} KB with lazy chunks`;
      process.stdout.write(`${`${bundleName}/${name}`.padEnd(23)} ${size}\n`);
    }
  }
  await replaceDirectory(building, BUNDLES);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
} finally {
  await rm(building, { recursive: true, force: true });
}

function kilobytes(bytes: number): string {
  return String(Math.ceil(bytes / 1000)).padStart(4);
}
