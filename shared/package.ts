import { readFileSync } from 'node:fs';
import { findPackageJSON } from 'node:module';
import { dirname, join } from 'node:path';

/** The folder of this package's package.json: a clone, or its place in somebody's node_modules. */
export const PACKAGE_ROOT = dirname(findPackageJSON(import.meta.url) ?? '');

/** Of the code that runs. The command line reads it at every start, so no schema is loaded for it. */
export const PACKAGE_VERSION = String(
  JSON.parse(readFileSync(join(PACKAGE_ROOT, 'package.json'), 'utf8')).version,
);
