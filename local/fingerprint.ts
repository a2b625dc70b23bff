import { createHash } from 'node:crypto';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Tells whether any file under the given paths has changed: by name, size and time. */
export function fingerprint(root: string, paths: readonly string[]): string {
  const hash = createHash('sha256');
  const add = (path: string): void => {
    const { size, mtimeMs } = statSync(path);
    hash.update(`${path}\n${size}\n${mtimeMs}\n`);
  };
  for (const path of paths.map((each) => join(root, each))) {
    if (!existsSync(path)) continue;
    if (!statSync(path).isDirectory()) add(path);
    else
      readdirSync(path, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name))
        .sort()
        .forEach(add);
  }
  return hash.digest('hex');
}
