import { join } from 'node:path';
import type { BuildOptions } from 'esbuild';
import { PACKAGE_ROOT } from '../shared/package.ts';

/** Has the exports of `node:http`, and says why. */
const HTTP = join(PACKAGE_ROOT, 'infra', 'nodeHttp.cjs');

/** How functions are bundled: modules for Node.js 24, with the AWS SDK, and lazy code in chunks of its own. */
export const BUNDLE_OPTIONS = {
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  splitting: true,
  outExtension: { '.js': '.mjs' },
  // The AWS SDK's default entry is CommonJS, which esbuild cannot tree-shake and which starts slower.
  mainFields: ['module', 'main'],
  // Google's libraries are CommonJS and call `require` for Node's modules.
  banner: {
    js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);",
  },
  alias: { 'node:http': HTTP, http: HTTP },
  minify: true,
  sourcemap: true,
  // Stack traces need positions only. The sources would triple the size of the upload.
  sourcesContent: false,
  // The error that esbuild throws holds the messages.
  logLevel: 'silent',
} as const satisfies BuildOptions;
