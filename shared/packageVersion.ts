import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { PACKAGE_ROOT } from './packageRoot.ts';

const packageSchema = z.object({ version: z.string() });

/** Of the code that runs. */
export const PACKAGE_VERSION = packageSchema.parse(
  JSON.parse(readFileSync(join(PACKAGE_ROOT, 'package.json'), 'utf8')),
).version;
