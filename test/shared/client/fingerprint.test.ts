import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, it } from 'vitest';
import { UPLOAD_PART_BYTES as PART_BYTES } from '../../../shared/batch/clientPorts.ts';
import { fingerprintOf, spool } from '../../../shared/client/fingerprint.ts';

const md5 = (...pieces: readonly Uint8Array[]) =>
  createHash('md5').update(Buffer.concat(pieces)).digest();

async function* chunksOf(content: Buffer, size: number) {
  for (let start = 0; start < content.length; start += size)
    yield content.subarray(start, start + size);
}

it.each([1, PART_BYTES - 1, PART_BYTES, PART_BYTES + 1, 2.5 * PART_BYTES])(
  'a content of %d bytes has the ETags that S3 gives it, whatever its chunks',
  async (bytes) => {
    const content = Buffer.alloc(bytes, 'abcdefg');
    const parts = Array.from({ length: Math.ceil(bytes / PART_BYTES) }, (_, index) =>
      md5(content.subarray(index * PART_BYTES, (index + 1) * PART_BYTES)),
    );
    const whole = md5(content).toString('hex');

    for (const size of [1_000_003, 3 * PART_BYTES])
      expect(await fingerprintOf(chunksOf(content, size))).toEqual({
        hash: whole,
        bytes,
        etags: [whole, `${md5(...parts).toString('hex')}-${parts.length}`],
      });
  },
);

it('a spooled stream is a file until it is removed', async () => {
  const { path, remove } = await spool(chunksOf(Buffer.from('one\ntwo\n'), 3), 'in.jsonl');
  expect(path).toMatch(/\/in\.jsonl$/);
  expect(readFileSync(path, 'utf8')).toBe('one\ntwo\n');
  await remove();
  expect(existsSync(dirname(path))).toBe(false);
});
