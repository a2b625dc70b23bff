import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FileObjects, fileObjects } from '../../inProcess/fileObjects.ts';
import { objectPath } from '../../inProcess/objectPath.ts';

let directory: string;
let objects: FileObjects;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'file-objects-'));
  objects = fileObjects(directory);
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

async function put(key: string, ...chunks: readonly string[]): Promise<string> {
  const writer = objects.writer(key);
  for (const chunk of chunks) await writer.write(Buffer.from(chunk));
  return (await writer.close()).etag;
}

async function text(key: string, range?: { start: number; end: number }): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of objects.read(key, range)) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

const ref = (key: string) => ({ bucket: objects.bucket, key });
const files = () =>
  readdirSync(directory, { recursive: true, withFileTypes: true }).filter((one) => one.isFile());

describe('objects in a directory', () => {
  it('have their content, its size and its MD5 as ETag, in a new process too', async () => {
    const etag = await put('batches/a/t/input.jsonl', 'hello ', 'world');

    expect(await text('batches/a/t/input.jsonl')).toBe('hello world');
    expect(await text('batches/a/t/input.jsonl', { start: 6, end: 11 })).toBe('world');
    const expected = { bytes: 11, etag: '5eb63bbbe01eeed093cb22bb8f5acdc3' };
    expect({ bytes: 11, etag }).toEqual(expected);
    expect(await fileObjects(directory).head(ref('batches/a/t/input.jsonl'))).toEqual(expected);
  });

  it('do not exist before they are closed, and never if they are aborted', async () => {
    const writer = objects.writer('a.txt');
    await writer.write(Buffer.from('half'));

    expect(await objects.head(ref('a.txt'))).toBeUndefined();
    await writer.abort();
    expect(await objects.head(ref('a.txt'))).toBeUndefined();
    expect(files()).toEqual([]);
  });

  it('are replaced at once: a reader keeps the content that it began with', async () => {
    const old = 'o'.repeat(600_000);
    await put('a.txt', old);
    const reader = objects.read('a.txt')[Symbol.asyncIterator]();
    const first = await reader.next();
    const etag = await put('a.txt', 'new');

    let read = first.value?.length ?? 0;
    for (let next = await reader.next(); !next.done; next = await reader.next())
      read += next.value.length;
    expect(read).toBe(old.length);
    expect(await objects.head(ref('a.txt'))).toEqual({ bytes: 3, etag });
  });

  it('throw where there is nothing to read', async () => {
    await put('a.txt', 'abc');

    await expect(text('b.txt')).rejects.toThrow('there is no object b.txt');
    await expect(text('a.txt', { start: 3, end: 5 })).rejects.toThrow('there is no byte 3');
    await expect(objects.head({ bucket: 'other', key: 'a.txt' })).rejects.toThrow(
      'reads only its own directory',
    );
  });

  it('are copied only if the source is still the same', async () => {
    const etag = await put('a.txt', 'abc');
    await objects.copy({ ...ref('a.txt'), etag }, 'b.txt');
    expect(await text('b.txt')).toBe('abc');

    await put('a.txt', 'abd');
    await expect(objects.copy({ ...ref('a.txt'), etag }, 'c.txt')).rejects.toThrow('has changed');
    await expect(objects.copy({ ...ref('x.txt'), etag }, 'c.txt')).rejects.toThrow('was deleted');
    expect(await objects.head(ref('c.txt'))).toBeUndefined();
  });

  it('know a file that somebody has edited in place', async () => {
    const etag = await put('a.txt', 'abc');
    writeFileSync(join(directory, 'objects', 'a.txt'), 'xyz');

    expect((await objects.head(ref('a.txt')))?.etag).not.toBe(etag);
  });

  it('are deleted by their age, and so is what a killed process left', async () => {
    await put('old.txt', 'abc');
    await put('new.txt', 'abc');
    const left = objects.writer('c.txt');
    await left.write(Buffer.from('abc'));
    const [unfinished = ''] = readdirSync(join(directory, 'unfinished'));
    const longAgo = new Date('2020-01-01');
    utimesSync(join(directory, 'objects', 'old.txt'), longAgo, longAgo);
    utimesSync(join(directory, 'unfinished', unfinished), longAgo, longAgo);

    await objects.removeOld(new Date('2021-01-01').getTime());

    expect(files().map(({ name }) => name)).toEqual(['new.txt']);
    await left.abort();
  });
});

describe('the path of an object', () => {
  it('shows a usual key as it is', () => {
    expect(objectPath('batches/reviews-1/0a-1/results.jsonl')).toBe(
      'batches/reviews-1/0a-1/results.jsonl',
    );
  });

  it('stays in the directory, and differs for keys that a file system would confuse', async () => {
    const long = 'x'.repeat(300);
    const keys = [
      ...['a', 'a/b', 'a.b', 'a.b/c', 'A', 'a.B', '', '/', 'a/', '/a', 'a//b', '.', '..', './a'],
      ...['../a', 'a/../b', 'a/..', '.a', 'a.', '%2e', 'a%.%', '%long/x', 'ä', 'a\u0308', '\\a'],
      ...['a\u0000b', `${long}1`, `${long}2`, `${'y/'.repeat(500)}1`, `${'y/'.repeat(500)}2`],
    ];
    const paths = keys.map((key) => objectPath(key).toLowerCase());

    expect(new Set(paths).size).toBe(keys.length);
    for (const path of paths) {
      expect(path.split('/')).not.toContain('..');
      expect(path).not.toMatch(/^\/|\.\.\//);
    }
    for (const key of keys) await put(key, `content of ${key}`);
    for (const key of keys) expect(await text(key)).toBe(`content of ${key}`);
  });
});
