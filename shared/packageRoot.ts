import { findPackageJSON } from 'node:module';
import { dirname } from 'node:path';

/** The folder of this package's package.json: a clone, or its place in somebody's node_modules. */
export const PACKAGE_ROOT = dirname(findPackageJSON(import.meta.url) ?? '');
