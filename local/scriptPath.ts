import { extname, join } from 'node:path';

/**
 * The path of a script of the local run: TypeScript in a clone, JavaScript in the package, since
 * Node strips no types in node_modules.
 *
 * @param path from the root of the project, without an extension
 */
export function scriptPath(...path: readonly string[]): string {
  return join(import.meta.dirname, '..', ...path) + extname(import.meta.filename);
}
