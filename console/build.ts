import { rm, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import react from '@vitejs/plugin-react';
import { build } from 'vite';
import { replaceDirectory } from '../infra/replaceDirectory.ts';

// Built beside the old page and moved into place, so that a failed build leaves the old one intact.
const ROOT = import.meta.dirname;
const built = join(ROOT, '..', 'dist', 'console');
// A test run has another value, with which React is twice as large.
process.env.NODE_ENV = 'production';
const building = `${built}-building-${process.pid}`;
try {
  await build({
    root: ROOT,
    configFile: false,
    logLevel: 'warn',
    plugins: [react()],
    build: {
      outDir: building,
      emptyOutDir: true,
      target: 'es2023',
      // The page takes no inline image: its policy forbids them.
      assetsInlineLimit: 0,
      // The licenses of the libraries ask for their texts beside the code.
      license: { fileName: 'licenses.md' },
      modulePreload: { polyfill: false },
    },
  });
  await replaceDirectory(building, built);
  // Also if nothing has changed: whoever serves it compares this time with those of the sources.
  const now = new Date();
  await utimes(join(built, 'index.html'), now, now);
} finally {
  await rm(building, { recursive: true, force: true });
}
