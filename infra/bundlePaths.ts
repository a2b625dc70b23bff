import { join } from 'node:path';
import { PACKAGE_ROOT } from '../shared/package.ts';

/** Where the bundles are built to and taken from: one folder a bundle. */
export const BUNDLES = join(PACKAGE_ROOT, 'dist', 'functions');

/** All functions of the handler are one bundle: most of their code is the same. */
export type BundleName = 'handler' | 'exampleProcessor';
