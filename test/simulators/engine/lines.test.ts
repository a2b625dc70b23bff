import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { type Line, readLines } from '../../../simulators/engine/lines.ts';

async function linesOf(text: string): Promise<Line[]> {
  const directory = await mkdtemp(join(tmpdir(), 'lines-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  await writeFile(join(directory, 'file'), text);
  const lines: Line[] = [];
  for await (const line of readLines(join(directory, 'file'))) lines.push(line);
  return lines;
}

test.each([
  ['', []],
  ['\n', ['']],
  ['one', ['one']],
  ['one\n\ntwo\n', ['one', '', 'two']],
])('%j', async (text, expected) => {
  expect((await linesOf(text)).map(({ bytes }) => bytes.toString())).toEqual(expected);
});

test('lines over several chunks, with offsets at which they are found again', async () => {
  const texts = Array.from({ length: 5 }, (_, index) => 'ü'.repeat(100_000 * (index + 1)));
  const file = Buffer.from(texts.join('\n'));
  const lines = await linesOf(file.toString());
  expect(lines.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5]);
  for (const [index, { offset, bytes }] of lines.entries()) {
    expect(bytes.toString() === texts[index]).toBe(true);
    expect(file.subarray(offset, offset + bytes.length).equals(bytes)).toBe(true);
  }
});

test('a line over 16 MiB is given cut', async () => {
  const [line, next] = await linesOf(`${'x'.repeat(17 * 1024 * 1024)}\nnext`);
  expect(line?.bytes.length).toBe(16 * 1024 * 1024);
  expect(next?.bytes.toString()).toBe('next');
});
