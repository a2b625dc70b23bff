import { mkdirSync, statSync } from 'node:fs';
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
 * @throws Error naming the directory, if it cannot be used or a later version of the package has written it
 */
export function openDatabase(directory: string): DatabaseSync {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    return opened(join(directory, DATABASE_FILE));
  } catch (cause) {
    throw unusable(directory, cause);
  }
}

/** @throws Error naming the directory if its database can only be read, which is enough for a client */
export function requireWritable(database: DatabaseSync, directory: string): void {
  try {
    // It deletes nothing, but SQLite begins it as a write.
    database.exec('DELETE FROM items WHERE false');
  } catch (cause) {
    database.close();
    throw unusable(directory, cause);
  }
}

function unusable(directory: string, cause: unknown): Error {
  return new Error(`the directory ${directory} cannot be used: ${whyUnusable(cause)}`, { cause });
}

function whyUnusable(error: unknown): string {
  const text = messageOf(error);
  if (/not a database|malformed/.test(text))
    return `${DATABASE_FILE} is damaged (${text}): restore it from a backup, or begin with another directory`;
  if (/unable to open|readonly/.test(text))
    return `${DATABASE_FILE} cannot be written (${text}): check the permissions of the directory and of its files`;
  return text;
}

/**
 * Which file has the database of a directory. A directory that is deleted or moved while its database is open
 * has another one, or none, and what is written then is lost.
 */
export function databaseIdentity(directory: string): string | undefined {
  const found = statSync(join(directory, DATABASE_FILE), { bigint: true, throwIfNoEntry: false });
  return found && `${found.dev} ${found.ino}`;
}

function opened(path: string): DatabaseSync {
  for (let tries = 1; ; tries++) {
    const database = new DatabaseSync(path, { timeout: BUSY_MS });
    try {
      database.exec(PRAGMAS);
      prepareTables(database);
      return database;
    } catch (error) {
      database.close();
      if (!isBusy(error) || tries === SETUP_TRIES) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, SETUP_PAUSE_MS);
    }
  }
}

/**
 * The SQL condition that a text begins with a prefix. SQLite uses an index for it, unlike for `substr`.
 *
 * @param prefix of the code's own: it becomes part of the statement
 */
export function beginsWith(column: string, prefix: string): string {
  return `${column} >= '${prefix}' AND ${column} < '${prefix}\u{10ffff}'`;
}

function prepareTables(database: DatabaseSync): void {
  const version = schemaVersionOf(database);
  if (version > SCHEMA_VERSION)
    throw new Error(
      `${DATABASE_FILE} was written by a later version of batch-handler (its schema is ${version}, this version knows ${SCHEMA_VERSION}): install that version`,
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
