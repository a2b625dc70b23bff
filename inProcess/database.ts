import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { messageOf } from '../shared/batch/errors.ts';

/** Name of the database in the directory of a handler. */
const DATABASE_FILE = 'handler.sqlite';
/** Written as `user_version`. A later version may only add to the tables. */
const SCHEMA_VERSION = 1;
/** How long a write waits for the write of another process. A write takes milliseconds. */
const BUSY_MS = 10_000;
/** SQLite does not wait for others while it turns on the write-ahead log. */
const SETUP_TRIES = 100;
const SETUP_PAUSE_MS = 20;

/**
 * A commit is on the disk before it returns, so that an intent survives a power cut: SQLite's default
 * with a write-ahead log would lose the last commits. `fullfsync` makes macOS empty the disk's cache, too.
 */
const PRAGMAS = 'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA fullfsync = ON;';

/** Keys of the indexes have columns of their own. SQLite compares text by its bytes, as UTF-8. */
const SCHEMA = `
  CREATE TABLE items (
    id TEXT NOT NULL PRIMARY KEY,
    writeToken TEXT,
    version INTEGER,
    schemaVersion INTEGER,
    expiresAt INTEGER,
    queue TEXT,
    dueAt TEXT,
    activeProvider TEXT,
    createdMonth TEXT,
    createdAt TEXT,
    attributes TEXT NOT NULL,
    record TEXT
  ) STRICT;
  CREATE INDEX due ON items (queue, dueAt, id) WHERE queue IS NOT NULL AND dueAt IS NOT NULL;
  CREATE INDEX provider ON items (activeProvider, id) WHERE activeProvider IS NOT NULL;
  CREATE INDEX created ON items (createdMonth, createdAt, id)
    WHERE createdMonth IS NOT NULL AND createdAt IS NOT NULL;
  CREATE INDEX expiring ON items (expiresAt) WHERE expiresAt IS NOT NULL;
  CREATE TABLE messages (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    queue TEXT NOT NULL,
    messageId TEXT NOT NULL,
    body TEXT NOT NULL,
    sentAt INTEGER NOT NULL,
    visibleAt INTEGER NOT NULL,
    receiveCount INTEGER NOT NULL DEFAULT 0,
    receipt TEXT,
    reason TEXT
  ) STRICT;
  CREATE INDEX message ON messages (queue, messageId);
  CREATE INDEX visible ON messages (queue, visibleAt, sequence);
`;

/**
 * Opens the database of a handler's directory, and makes both if they do not exist. Several processes may
 * have it open.
 *
 * @throws Error if a later version of the package has written it, or the directory cannot be used
 */
export function openDatabase(directory: string): DatabaseSync {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, DATABASE_FILE);
  for (let tries = 1; ; tries++) {
    const database = new DatabaseSync(path, { timeout: BUSY_MS });
    try {
      database.exec(PRAGMAS);
      prepareTables(database, path);
      return database;
    } catch (error) {
      database.close();
      if (!isBusy(error) || tries === SETUP_TRIES) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, SETUP_PAUSE_MS);
    }
  }
}

function prepareTables(database: DatabaseSync, path: string): void {
  const version = schemaVersionOf(database);
  if (version > SCHEMA_VERSION)
    throw new Error(
      `${path} was written by a later version of batch-handler (its schema is ${version}, this version knows ${SCHEMA_VERSION}): install that version`,
    );
  if (version === SCHEMA_VERSION) return;
  database.exec('BEGIN IMMEDIATE');
  try {
    // Another process may have made them meanwhile.
    if (schemaVersionOf(database) === 0)
      database.exec(`${SCHEMA} PRAGMA user_version = ${SCHEMA_VERSION};`);
    database.exec('COMMIT');
  } catch (error) {
    database.exec('ROLLBACK');
    throw error;
  }
}

function schemaVersionOf(database: DatabaseSync): number {
  return Number(database.prepare('PRAGMA user_version').get()?.user_version ?? 0);
}

function isBusy(error: unknown): boolean {
  return /database is locked|SQLITE_BUSY/.test(messageOf(error));
}
