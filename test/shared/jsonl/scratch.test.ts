import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { diskScratch } from '../../../shared/jsonl/scratch.ts';

/** No process has this id: Linux allows no more than 2^22. */
const DEAD_PID = 99_999_999;

let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'scratch-test-'));
});
afterEach(() => rm(root, { recursive: true }));

describe('diskScratch', () => {
  it('writes, reads at random and leaves nothing', async () => {
    const file = await diskScratch(root).create();
    await file.write(Buffer.from('hello '));
    await file.write(Buffer.from('world'));
    expect(file.bytes).toBe(11);
    expect(Buffer.from(await file.read(4, 4)).toString()).toBe('o wo');
    expect(await readFile(file.path, 'utf8')).toBe('hello world');
    await expect(file.read(8, 10)).rejects.toThrow('ends before byte 18');
    await file.remove();
    await expect(readFile(file.path)).rejects.toThrow('ENOENT');
  });

  it('shares the disk with another of the same process', async () => {
    const first = await diskScratch(root).create();
    const second = await diskScratch(root).create();
    await first.write(Buffer.from('kept'));
    expect(await readFile(first.path, 'utf8')).toBe('kept');
    await first.remove();
    await second.remove();
  });

  it('removes the files of a killed process, and keeps those of a running one', async () => {
    await mkdir(join(root, `batch-handler-${DEAD_PID}`));
    await mkdir(join(root, `batch-handler-${process.ppid}`));
    await mkdir(join(root, `batch-handler-${process.pid}`));
    await writeFile(join(root, `batch-handler-${process.pid}`, 'leftover'), 'x');
    await mkdir(join(root, 'something-else'));
    const file = await diskScratch(root).create();
    expect((await readdir(root)).sort()).toEqual(
      [`batch-handler-${process.pid}`, `batch-handler-${process.ppid}`, 'something-else'].sort(),
    );
    expect(await readdir(join(root, `batch-handler-${process.pid}`))).toHaveLength(1);
    await file.remove();
  });
});
