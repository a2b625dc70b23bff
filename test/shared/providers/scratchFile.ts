import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { ScratchFile } from '../../../shared/batch/ports.ts';

/** A complete file on disk with these lines. */
export async function scratchFileOf(lines: readonly object[]): Promise<ScratchFile> {
  const path = join(await mkdtemp(join(tmpdir(), 'provider-test-')), 'input.jsonl');
  const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
  await writeFile(path, text);
  const unused = () => Promise.reject(new Error('providers read the file by its path'));
  return {
    path,
    bytes: Buffer.byteLength(text),
    write: unused,
    read: unused,
    remove: () => rm(dirname(path), { recursive: true, force: true }),
  };
}
