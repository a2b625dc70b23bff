import { join } from 'node:path';
import { PACKAGE_ROOT } from '../shared/package.ts';

/** The folder that the build writes bundles to and the construct reads them from: one folder a bundle. */
export const BUNDLES = join(PACKAGE_ROOT, 'dist', 'functions');

/** All functions of the handler share one bundle, because most of their code is the same. */
export type BundleName = 'handler' | 'exampleProcessor';
