import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const PROJECT = dirname(dirname(fileURLToPath(import.meta.url)));

/** Where the bundles are built to and taken from: one folder a function. */
export const BUNDLES = join(PROJECT, 'dist', 'functions');
