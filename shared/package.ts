import { readFileSync } from 'node:fs';
import { findPackageJSON } from 'node:module';
import { dirname, join } from 'node:path';
import * as z from 'zod';

/** The folder of this package's package.json: a clone, or its place in somebody's node_modules. */
export const PACKAGE_ROOT = dirname(findPackageJSON(import.meta.url) ?? '');

const packageSchema = z.object({ version: z.string() });

/** Of the code that runs. */
export const PACKAGE_VERSION = packageSchema.parse(
  JSON.parse(readFileSync(join(PACKAGE_ROOT, 'package.json'), 'utf8')),
).version;
