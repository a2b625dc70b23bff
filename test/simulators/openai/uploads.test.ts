import { existsSync, mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { receiveUpload } from '../../../simulators/openai/files.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'uploads-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const START = [
  '--x\r\ncontent-disposition: form-data; name="purpose"\r\n\r\nbatch',
  '\r\n--x\r\ncontent-disposition: form-data; name="file"; filename="a.jsonl"\r\n\r\n',
];
const CHUNK = 'y'.repeat(200_000);

/** A request with this body. An Error breaks it off there. */
function requestOf(
  body: readonly (string | Error)[],
  headers: object = { 'content-type': 'multipart/form-data; boundary=x' },
): IncomingMessage {
  const pieces = Readable.from(
    (function* () {
      for (const piece of body) {
        if (piece instanceof Error) throw piece;
        yield Buffer.from(piece);
      }
    })(),
  );
  return Object.assign(pieces, { headers }) as unknown as IncomingMessage;
}

test('the file of a form is streamed to its path, and the fields before it are told', async () => {
  const path = join(directory, 'file');
  const upload = await receiveUpload(
    requestOf([...START, CHUNK, '\r\n--x--\r\n', 'epilogue']),
    path,
  );
  expect(upload.file).toEqual({ filename: 'a.jsonl', bytes: CHUNK.length });
  expect([...upload.precedingFields]).toEqual(['purpose']);
});

test.each<[string, Parameters<typeof requestOf>, RegExp]>([
  ['is broken off by its sender', [[...START, CHUNK, CHUNK, new Error('reset')]], /reset/],
  ['ends before its last boundary', [[...START, CHUNK]], /end of multipart data/],
  ['has no boundary', [[], { 'content-type': 'multipart/form-data' }], /[Bb]oundary/],
  ['is no form', [[], { 'content-type': 'text/plain' }], /[Cc]ontent.[Tt]ype/],
  ['has no content type', [[], {}], /[Cc]ontent.[Tt]ype/],
])(
  'an upload that %s is refused, and leaves no file, not even an open one',
  async (_, request, why) => {
    const path = join(directory, 'file');
    const refusal = await receiveUpload(requestOf(...request), path).catch(
      (error: unknown) => error,
    );
    expect(refusal).toMatchObject({ status: 400, message: expect.stringMatching(why) });
    expect(existsSync(path)).toBe(false);
    expect(openFiles().filter((name) => name.startsWith(path))).toEqual([]);
  },
);

/** Where the system tells: Linux. */
function openFiles(): string[] {
  const handles = '/proc/self/fd';
  if (!existsSync(handles)) return [];
  return readdirSync(handles).flatMap((handle) => {
    try {
      return [readlinkSync(join(handles, handle))];
    } catch {
      return [];
    }
  });
}
