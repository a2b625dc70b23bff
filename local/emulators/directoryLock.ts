import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { UsageError } from '../commandLine.ts';

/** The processes of a killed run end by themselves within this time. */
const WAIT_MS = 10_000;

/** Another process uses the directory. */
class DirectoryInUseError extends UsageError {
  override readonly name = 'DirectoryInUseError';
}

/** Keeps the connections from garbage collection, which would release their locks. */
const held = new Set<DatabaseSync>();

/**
 * Locks a directory for the life of this process. It uses SQLite's lock, which is one of the
 * operating system: it is released however the process dies, unlike a file with a process id.
 *
 * @returns releases the lock
 * @throws DirectoryInUseError if another process still has the lock after `waitMs`
 */
export function lockDirectory(directory: string, waitMs = WAIT_MS): () => void {
  mkdirSync(directory, { recursive: true });
  const database = new DatabaseSync(join(directory, 'lock'));
  try {
    database.exec(`PRAGMA busy_timeout = ${waitMs}; BEGIN EXCLUSIVE`);
  } catch (error) {
    database.close();
    throw new DirectoryInUseError(
      `${directory} is in use by another local run: wait until it has ended, or use another directory with --data`,
      { cause: error },
    );
  }
  held.add(database);
  return () => {
    held.delete(database);
    database.close();
  };
}

/**
 * Removes object descriptions that a kill has cut short. fauxqs writes them in place and does not
 * start if it cannot parse one. Such a write was never confirmed, so the object does not exist.
 */
export function dropTornFiles(directory: string): void {
  if (!existsSync(directory)) return;
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true }))
    if (entry.isFile() && entry.name.endsWith('.json'))
      dropIfTorn(join(entry.parentPath, entry.name));
}

function dropIfTorn(path: string): void {
  try {
    JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    rmSync(path);
  }
}
