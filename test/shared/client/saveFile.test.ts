import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { saveFile } from '../../../shared/client/saveFile.ts';
import { temporaryDirectory } from '../../local/fixtures/toyStack.ts';
import { chunked } from '../../support/streams.ts';

async function* broken(): AsyncGenerator<Uint8Array> {
  yield Buffer.from('half');
  throw new Error('the connection broke');
}

test('a file appears complete', async () => {
  const path = join(temporaryDirectory(), 'rows.jsonl');

  await saveFile(path, chunked('a long text of rows', 3));

  expect(readFileSync(path, 'utf8')).toBe('a long text of rows');
});

test('an interrupted write leaves nothing, and an existing file as it was', async () => {
  const directory = temporaryDirectory();
  const path = join(directory, 'rows.jsonl');
  await expect(saveFile(path, broken())).rejects.toThrow('the connection broke');
  expect(readdirSync(directory)).toEqual([]);

  writeFileSync(path, 'old');
  await expect(saveFile(path, broken())).rejects.toThrow('the connection broke');
  expect(readdirSync(directory)).toEqual(['rows.jsonl']);
  expect(readFileSync(path, 'utf8')).toBe('old');
});

test('a signal stops the write, which leaves nothing', async () => {
  const directory = temporaryDirectory();
  const controller = new AbortController();
  async function* endless(): AsyncGenerator<Uint8Array> {
    for (let chunks = 0; ; chunks++) {
      if (chunks === 3) controller.abort();
      yield Buffer.from('row\n');
    }
  }

  const saving = saveFile(join(directory, 'rows.jsonl'), endless(), {
    signal: controller.signal,
  });

  await expect(saving).rejects.toMatchObject({ name: 'AbortError' });
  expect(readdirSync(directory)).toEqual([]);
});

test.each([
  ['a directory', '', 'is a directory: name a file in it, such as'],
  ['a file in no directory', 'none/rows.jsonl', 'there is no directory'],
])('%s is refused before anything is written', async (_, name, text) => {
  const directory = temporaryDirectory();
  const saving = saveFile(join(directory, name), chunked('rows', 3), { name: 'b1.jsonl' });
  await expect(saving).rejects.toMatchObject({ code: 'invalid_input' });
  await expect(saving).rejects.toThrow(text);
  expect(readdirSync(directory)).toEqual([]);
});

test.skipIf(!existsSync('/dev/full'))('a device stays, and its error has a place', async () => {
  const saving = saveFile('/dev/full', chunked('rows', 3));
  await expect(saving).rejects.toMatchObject({ code: 'ENOSPC', path: '/dev/full' });
  expect(statSync('/dev/full').isCharacterDevice()).toBe(true);
  await saveFile('/dev/null', chunked('rows', 3));
  expect(statSync('/dev/null').isCharacterDevice()).toBe(true);
});
