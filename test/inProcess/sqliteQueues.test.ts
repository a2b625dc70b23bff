import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDatabase } from '../../inProcess/database.ts';
import { type SqliteQueues, sqliteQueues } from '../../inProcess/sqliteQueues.ts';

let directory: string;
let database: DatabaseSync;
let queues: SqliteQueues;
let now: number;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'sqlite-queues-'));
  database = openDatabase(directory);
  now = 1_000_000;
  queues = sqliteQueues(database, () => now);
});
afterEach(() => {
  database.close();
  rmSync(directory, { recursive: true, force: true });
});

describe('queues in SQLite', () => {
  it('hand a message to one consumer at a time, until its visibility timeout', () => {
    const messageId = queues.send('batch', 'body');
    const first = queues.receive('batch', 60);

    expect(first).toMatchObject({ messageId, body: 'body', sentAt: 1_000_000, receiveCount: 1 });
    expect(queues.receive('batch', 60)).toBeUndefined();
    expect(queues.receive('work', 60)).toBeUndefined();
    now += 60_000;
    expect(queues.receive('batch', 60)).toMatchObject({ messageId, receiveCount: 2 });
  });

  it('take nothing of a receive that has run out', () => {
    queues.send('batch', 'body');
    const late = queues.receive('batch', 60);
    now += 60_000;
    const present = queues.receive('batch', 60);
    if (!late || !present) throw new Error('nothing was received');

    queues.complete(late);
    queues.fail(late, 'too late');
    queues.renew(late, 1_000);
    expect(queues.depth('batch')).toBe(1);
    queues.complete(present);
    expect(queues.depth('batch')).toBe(0);
  });

  it('keep a message from others for as long as its receive is renewed', () => {
    queues.send('batch', 'body');
    const message = queues.receive('batch', 60);
    now += 50_000;
    if (message) queues.renew(message, 60);
    now += 50_000;

    expect(queues.receive('batch', 60)).toBeUndefined();
  });

  it('deliver a delayed message when its time has come', async () => {
    await queues.sendBatch({ action: 'requeue', batchId: 'b', version: 1 }, 1.5);

    now += 1_499;
    expect(queues.receive('batch', 60)).toBeUndefined();
    now += 1;
    expect(JSON.parse(queues.receive('batch', 60)?.body ?? '')).toMatchObject({ batchId: 'b' });
  });

  it('give a message up after five receives, with its last error, and take it back', () => {
    const messageId = queues.send('batch', 'body');
    for (let receives = 1; receives <= 5; receives++) {
      const message = queues.receive('batch', 60);
      expect(message?.receiveCount).toBe(receives);
      if (message) queues.fail(message, `error ${receives}`);
      if (receives < 5) expect(queues.receive('batch', 60)).toBeUndefined();
      now += 300_000;
    }

    expect(queues.receive('batch', 60)).toBeUndefined();
    expect(queues.depth('batch')).toBe(0);
    expect(queues.deadLetters()).toEqual([
      {
        ...{ queue: 'batch', messageId, body: 'body', sentAt: 1_000_000 },
        reason: 'received 5 times: error 5',
      },
    ]);
    expect(queues.redrive({ queue: 'batch', messageId })).toBe(true);
    expect(queues.redrive({ queue: 'batch', messageId })).toBe(false);
    expect(queues.receive('batch', 60)).toMatchObject({ messageId, receiveCount: 1 });
    expect(queues.deadLetters()).toEqual([]);
  });

  it('give a message up that ends each process that receives it', () => {
    queues.send('work', 'body');
    for (let receives = 1; receives <= 5; receives++) {
      expect(queues.receive('work', 60)?.receiveCount).toBe(receives);
      now += 60_000;
    }

    expect(queues.receive('work', 60)).toBeUndefined();
    expect(queues.deadLetters()).toMatchObject([
      { queue: 'work', reason: expect.stringContaining('its process ended') },
    ]);
  });

  it('keep a refused message with its reason once, and for 14 days', async () => {
    for (let time = 0; time < 2; time++)
      await queues.sendDeadLetter('batch', 'body', 'invalid_json: no JSON', 'id-1');
    queues.removeOld();
    expect(queues.deadLetters()).toMatchObject([
      { queue: 'batch', messageId: 'id-1', body: 'body', reason: 'invalid_json: no JSON' },
    ]);

    now += 14 * 24 * 60 * 60 * 1000 + 1;
    queues.removeOld();
    expect(queues.deadLetters()).toEqual([]);
  });

  it('hold what is in them for another process', () => {
    const body = `large ${'ü\u0000\ud83d\ude00'.repeat(100_000)}`;
    queues.send('processor', body);
    database.close();
    database = openDatabase(directory);

    expect(sqliteQueues(database, () => now).receive('processor', 60)?.body).toBe(body);
  });

  it('tell of each message that was sent', () => {
    const told: string[] = [];
    const telling = sqliteQueues(
      database,
      () => now,
      (queue) => told.push(queue),
    );
    telling.send('outcome', '{}');

    expect(told).toEqual(['outcome']);
  });
});

describe('the database', () => {
  it('refuses a directory that a later version has written', () => {
    database.exec('PRAGMA user_version = 99');

    expect(() => openDatabase(directory)).toThrow('later version of batch-handler');
  });

  it('has every commit on the disk', () => {
    expect(database.prepare('PRAGMA synchronous').get()).toEqual({ synchronous: 2 });
    expect(database.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' });
  });
});
