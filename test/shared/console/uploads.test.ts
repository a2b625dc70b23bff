import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fileFingerprint } from '../../../shared/client/fingerprint.ts';
import { MAX_PIECE_BYTES } from '../../../shared/console/pieces.ts';
import { SpoolDirectory } from '../../../shared/console/spool.ts';
import { MAX_UPLOADS, Uploads } from '../../../shared/console/uploads.ts';

const FILE = { name: 'a.jsonl', bytes: 10, lastModified: 5 };

let parent: string;
let ended: AbortController;
let uploads: Uploads;
let changes: number;

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'uploads-test-'));
  ended = new AbortController();
  changes = 0;
  uploads = newUploads(new SpoolDirectory(ended.signal, parent));
});
afterEach(() => {
  ended.abort();
  rmSync(parent, { recursive: true, force: true });
});

function newUploads(spool: SpoolDirectory): Uploads {
  return new Uploads({
    spool,
    now: () => 0,
    onChange: () => {
      changes += 1;
    },
  });
}

function bytes(text: string): Readable {
  return Readable.from([Buffer.from(text)]);
}

/** Its second chunk does not come. */
async function* broken(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
  throw new Error('the connection was lost');
}

describe('a file that is copied to the console', () => {
  it('comes in pieces, and has the id that the client library would give it', async () => {
    const { id } = await uploads.begin(FILE);
    expect(await uploads.put(id, 0, bytes('01234'))).toBe(false);
    expect(uploads.list()).toMatchObject([{ ...FILE, received: 5 }]);
    expect(uploads.list()[0]).not.toHaveProperty('defaultBatchId');
    expect(await uploads.put(id, 5, bytes('56789'))).toBe(true);
    const { path } = uploads.get(id);
    expect(readFileSync(path, 'utf8')).toBe('0123456789');
    const { hash } = await fileFingerprint(path);
    expect(uploads.list()[0]?.defaultBatchId).toBe(`a-${hash.slice(0, 8)}`);
    expect(changes).toBe(3);
  });

  it('is nobody else’s to read, under a name that nobody has chosen', async () => {
    const { id } = await uploads.begin({ ...FILE, name: '../../etc/<script>.jsonl' });
    const { path } = uploads.get(id);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(join(path, '..')).mode & 0o777).toBe(0o700);
    expect(path.startsWith(join(parent, `batch-handler-console-${process.pid}-`))).toBe(true);
    expect(path.endsWith(`/${id}.jsonl`)).toBe(true);
  });

  it('tells the hash of each piece, by which whoever has the file knows it again', async () => {
    const { id } = await uploads.begin(FILE);
    await uploads.put(id, 0, bytes('01234'));
    await uploads.put(id, 5, bytes('567'));
    const hash = (text: string) => createHash('sha256').update(text).digest('hex');
    expect(uploads.get(id).pieces).toEqual([
      { end: 5, sha256: hash('01234') },
      { end: 8, sha256: hash('567') },
    ]);
  });

  it('is found by its name, size and time, and goes on where it was left', async () => {
    const { id } = await uploads.begin(FILE);
    await uploads.put(id, 0, bytes('01234'));
    expect(uploads.find(FILE)).toMatchObject({ id, received: 5 });
    for (const other of [{ name: 'b.jsonl' }, { bytes: 11 }, { lastModified: 6 }])
      expect(uploads.find({ ...FILE, ...other })).toBeUndefined();
  });

  it('leaves out a piece that does not come whole, which is then sent again', async () => {
    const { id } = await uploads.begin(FILE);
    await uploads.put(id, 0, bytes('01234'));
    await expect(uploads.put(id, 5, broken('xx'))).rejects.toThrow(/did not arrive whole/);
    expect(uploads.get(id)).toMatchObject({ received: 5, pieces: [{ end: 5 }] });
    await uploads.put(id, 5, bytes('56789'));
    expect(readFileSync(uploads.get(id).path, 'utf8')).toBe('0123456789');
    const { hash } = await fileFingerprint(uploads.get(id).path);
    expect(uploads.list()[0]?.defaultBatchId).toContain(hash.slice(0, 8));
  });

  it.each([3, 7])('refuses a piece from byte %i while byte 5 is due', async (offset) => {
    const { id } = await uploads.begin(FILE);
    await uploads.put(id, 0, bytes('01234'));
    await expect(uploads.put(id, offset, bytes('5'))).rejects.toMatchObject({
      code: 'not_possible',
      message: expect.stringContaining('up to byte 5'),
    });
  });

  it('takes one of two pieces that come at the same time', async () => {
    const { id } = await uploads.begin(FILE);
    const both = [uploads.put(id, 0, bytes('01234')), uploads.put(id, 0, bytes('abcde'))];
    const outcomes = await Promise.allSettled(both);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect(uploads.get(id).received).toBe(5);
  });

  it('may not be longer than was said, nor come in pieces that are too long', async () => {
    const { id } = await uploads.begin(FILE);
    await expect(uploads.put(id, 0, bytes('0123456789A'))).rejects.toThrow(/has changed/);
    expect(uploads.get(id).received).toBe(0);
    const large = await uploads.begin({ ...FILE, bytes: 3 * MAX_PIECE_BYTES });
    const piece = Readable.from([Buffer.alloc(MAX_PIECE_BYTES), Buffer.alloc(1)]);
    await expect(uploads.put(large.id, 0, piece)).rejects.toThrow(/a piece has at most 8388608/);
  });

  it('refuses an empty file, and an empty piece', async () => {
    await expect(uploads.begin({ ...FILE, bytes: 0 })).rejects.toThrow('a.jsonl is empty');
    const { id } = await uploads.begin(FILE);
    await expect(uploads.put(id, 0, Readable.from([]))).rejects.toThrow(/is empty/);
  });

  it('needs room on the disk, also for the rest of the others', async () => {
    class SmallDisk extends SpoolDirectory {
      override async room(): Promise<number> {
        return 15;
      }
    }
    uploads = newUploads(new SmallDisk(ended.signal, parent));
    const { id } = await uploads.begin(FILE);
    await expect(uploads.begin(FILE)).rejects.toMatchObject({
      code: 'not_possible',
      message: expect.stringMatching(/has 10 B, and there is room for 5 B in .*TMPDIR/),
    });
    await uploads.discard(id);
    await uploads.begin(FILE);
  });

  it('says that the disk is full, and keeps what is there', async () => {
    const { id } = await uploads.begin(FILE);
    await uploads.put(id, 0, bytes('01234'));
    async function* full(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('5');
      throw Object.assign(new Error('no space'), { code: 'ENOSPC' });
    }
    await expect(uploads.put(id, 5, full())).rejects.toThrow(/the disk is full: make room in/);
    expect(uploads.get(id).received).toBe(5);
  });

  it('says so if somebody has removed it', async () => {
    const { id } = await uploads.begin(FILE);
    rmSync(uploads.get(id).path);
    await expect(uploads.put(id, 0, bytes('0'))).rejects.toThrow(/is gone: discard it/);
  });

  it('is one of twenty at most; what was added makes room', async () => {
    const first = await uploads.begin(FILE);
    for (let number = 1; number < MAX_UPLOADS; number++) await uploads.begin(FILE);
    await expect(uploads.begin(FILE)).rejects.toThrow(/20 files are here.*add or discard one/);
    uploads.setAdding(first.id, { step: 'accepted', batchId: 'a' });
    await uploads.begin(FILE);
    expect(uploads.list()).toHaveLength(MAX_UPLOADS);
    expect(() => uploads.get(first.id)).toThrow(/no longer here/);
  });

  it('leaves the disk when it is discarded, and when the server ends', async () => {
    const [one, other] = [await uploads.begin(FILE), await uploads.begin(FILE)];
    const { path } = uploads.get(one.id);
    await uploads.discard(one.id);
    expect(existsSync(path)).toBe(false);
    expect(existsSync(uploads.get(other.id).path)).toBe(true);
    ended.abort();
    expect(readdirSync(parent)).toEqual([]);
  });

  it('takes away what killed servers have left as soon as it starts, and nothing else', async () => {
    const left = mkdtempSync(join(parent, 'batch-handler-console-999999999-'));
    // As of a server in a container, where every one has the same id.
    const ofSameId = mkdtempSync(join(parent, `batch-handler-console-${process.pid}-`));
    const running = mkdtempSync(join(parent, `batch-handler-console-${process.ppid}-`));
    const { id } = await uploads.begin(FILE);
    new SpoolDirectory(ended.signal, parent);
    expect(existsSync(left)).toBe(false);
    expect(existsSync(ofSameId)).toBe(false);
    expect(existsSync(running)).toBe(true);
    expect(existsSync(uploads.get(id).path)).toBe(true);
  });
  it('starts also where there is no directory for files', () => {
    expect(() => new SpoolDirectory(ended.signal, join(parent, 'none'))).not.toThrow();
  });
});
