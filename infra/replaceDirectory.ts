import { readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** Builds that end at the same time take each other's place. Each takes two renames, so a few attempts do. */
const MAX_ATTEMPTS = 10;

/**
 * Puts a directory in the place of another. If both hold the same files, the old one stays, so that
 * a build that changes nothing disturbs nobody who reads from it.
 *
 * @param built the new directory. It must be on the same file system, and no longer exists afterwards
 */
export async function replaceDirectory(built: string, target: string): Promise<void> {
  if (await haveSameFiles(built, target)) return rm(built, { recursive: true });
  const old = `${built}-old`;
  for (let attempt = 1; ; attempt += 1) {
    await rename(target, old).catch(ignoring('ENOENT'));
    try {
      return await rename(built, target);
    } catch (error) {
      // Another build was between the two renames.
      if (attempt === MAX_ATTEMPTS || !isCode(error, 'ENOTEMPTY', 'EEXIST')) throw error;
    } finally {
      await rm(old, { recursive: true, force: true });
    }
  }
}

async function haveSameFiles(one: string, other: string): Promise<boolean> {
  const files = await filesIn(one);
  const others = await filesIn(other).catch(ignoring('ENOENT'));
  if (others === undefined || files.join('\n') !== others.join('\n')) return false;
  for (const file of files) {
    const [left, right] = await Promise.all(
      [one, other].map((directory) =>
        readFile(join(directory, file)).catch(ignoring('ENOENT', 'EISDIR')),
      ),
    );
    if (left === undefined || right === undefined || !left.equals(right)) return false;
  }
  return true;
}

async function filesIn(directory: string): Promise<readonly string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length))
    .sort();
}

function ignoring(...codes: readonly string[]) {
  return (error: unknown): undefined => {
    if (!isCode(error, ...codes)) throw error;
  };
}

function isCode(error: unknown, ...codes: readonly string[]): boolean {
  return codes.includes((error as NodeJS.ErrnoException).code ?? '');
}
