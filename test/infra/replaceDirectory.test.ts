import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { replaceDirectory } from '../../infra/replaceDirectory.ts';
import { temporaryDirectory } from '../local/fixtures/toyStack.ts';

function write(directory: string, files: Readonly<Record<string, string>>): string {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(directory, path, '..'), { recursive: true });
    writeFileSync(join(directory, path), text);
  }
  return directory;
}

test('the new directory is in the place of the old one, and nothing else is left', async () => {
  const parent = temporaryDirectory();
  const target = write(join(parent, 'target'), { 'a/code.mjs': 'old', gone: '' });
  const built = write(join(parent, 'built'), { 'a/code.mjs': 'new' });

  await replaceDirectory(built, target);

  expect(readdirSync(parent)).toEqual(['target']);
  expect(readdirSync(target)).toEqual(['a']);
  expect(readFileSync(join(target, 'a', 'code.mjs'), 'utf8')).toBe('new');
});

test('a directory with the same files stays as it is', async () => {
  const parent = temporaryDirectory();
  const files = { 'a/code.mjs': 'same', b: '' };
  const target = write(join(parent, 'target'), files);
  const before = statSync(join(target, 'b')).ino;

  await replaceDirectory(write(join(parent, 'built'), files), target);

  expect(statSync(join(target, 'b')).ino).toBe(before);
  expect(readdirSync(parent)).toEqual(['target']);
});

test('builds that end at the same time all succeed, and leave one of them whole', async () => {
  const parent = temporaryDirectory();
  const target = join(parent, 'target');
  const builds = ['1', '2', '3', '4'].map((text) =>
    write(join(parent, `built-${text}`), { 'a/x': text, 'a/y': text }),
  );

  await Promise.all(builds.map((built) => replaceDirectory(built, target)));

  const [x, y] = ['x', 'y'].map((name) => readFileSync(join(target, 'a', name), 'utf8'));
  expect(x).toBe(y);
  expect(builds.filter((built) => existsSync(built))).toEqual([]);
});
