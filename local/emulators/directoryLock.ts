import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { UsageError } from '../commandLine.ts';

/** How long the processes of a run that was killed may take to go, in milliseconds. */
const WAIT_MS = 10_000;

/** The directory is in use by another process. */
class DirectoryInUseError extends UsageError {
  override readonly name = 'DirectoryInUseError';
}

/** A lock whose object is collected is gone. */
const held = new Set<DatabaseSync>();

/**
 * Locks a directory for the life of this process. The lock is SQLite's, which is the operating
 * system's: it goes with the process however it dies, which a file with a process id does not.
 *
 * @returns gives the lock back
 * @throws DirectoryInUseError if it is still taken after `waitMs`
 */
export function lockDirectory(directory: string, waitMs = WAIT_MS): () => void {
  mkdirSync(directory, { recursive: true });
  const database = new DatabaseSync(join(directory, 'lock'));
  try {
    database.exec(`PRAGMA busy_timeout = ${waitMs}; BEGIN EXCLUSIVE`);
  } catch (error) {
    database.close();
    throw new DirectoryInUseError(
      `${directory} is in use by another local run: wait for it, or choose another one with --data`,
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
 * Removes descriptions that a kill cut short. fauxqs writes an object's description in place and
 * refuses to start when it cannot parse one; a write that was cut short was never confirmed, so
 * the object does not exist.
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
