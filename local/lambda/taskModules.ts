import { readFileSync, realpathSync } from 'node:fs';
import { createRequire, findPackageJSON, registerHooks } from 'node:module';
import { sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/**
 * Loads a module of a function as Lambda does, where nothing lies above the function's code: a
 * `.js` file is CommonJS, unless a package.json of the code says otherwise. Here the code is
 * within a project, whose package.json must have no say.
 *
 * @param root of the function's code
 */
export async function loadModule(
  root: string,
  file: string,
): Promise<{ readonly [name: string]: unknown }> {
  const directory = realpathSync(root) + sep;
  const base = pathToFileURL(directory).href;
  const isCommonJs = (url: string): boolean =>
    url.startsWith(base) && url.endsWith('.js') && !findPackageJSON(url)?.startsWith(directory);
  registerHooks({
    load(url, context, nextLoad) {
      if (!isCommonJs(url)) return nextLoad(url, context);
      return { format: 'commonjs', source: readFileSync(fileURLToPath(url)), shortCircuit: true };
    },
  });
  const url = pathToFileURL(realpathSync(file)).href;
  // An import would ask the project's package.json once more.
  return isCommonJs(url) ? createRequire(url)(fileURLToPath(url)) : import(url);
}
