import { execFile } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PACKAGE_ROOT } from '../package.ts';

const BUILT = join(PACKAGE_ROOT, 'dist', 'console');
/** Only in a clone: the package has the built page alone. */
const BUILDER = join(PACKAGE_ROOT, 'console', 'build.ts');
/** What the page is built of. */
const SOURCES = ['console', 'shared'].map((folder) => join(PACKAGE_ROOT, folder));

/** The folder of the console's page. In a clone, it is built if its sources are newer. */
export async function consolePage(): Promise<string> {
  if (existsSync(BUILDER) && !isBuilt()) await promisify(execFile)(process.execPath, [BUILDER]);
  return BUILT;
}

function isBuilt(): boolean {
  const built = statSync(join(BUILT, 'index.html'), { throwIfNoEntry: false });
  return built !== undefined && SOURCES.every((folder) => newestIn(folder) <= built.mtimeMs);
}

function newestIn(folder: string): number {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true });
  const times = files
    .filter((file) => file.isFile())
    .map(({ parentPath, name }) => statSync(join(parentPath, name)).mtimeMs);
  return Math.max(0, ...times);
}
