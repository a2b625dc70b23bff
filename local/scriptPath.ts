import { extname, join } from 'node:path';

/**
 * The path of a script of this project. It is TypeScript in a clone and JavaScript in the package,
 * because Node does not strip types in node_modules.
 *
 * @param path the path from the root of the project, without an extension
 */
export function scriptPath(...path: readonly string[]): string {
  return join(import.meta.dirname, '..', ...path) + extname(import.meta.filename);
}
