import { readFile } from 'node:fs/promises';
import { expect, onTestFinished, test } from 'vitest';
import { writeCreateBody } from '../../../../shared/providers/anthropic/submit.ts';
import { scratchFileOf } from '../scratchFile.ts';
import { SETTINGS } from './provider.ts';

const KEY = 'bhabcdefghij012345-1';
// Longer than the buffer, and with more bytes than characters.
const TEXT = 'ü'.repeat(100_000);

async function write(maxBytes?: number) {
  const file = await scratchFileOf(
    Array.from({ length: 10 }, (_, index) => ({
      custom_id: `${index}`,
      url: '/v1/chat/completions',
      body: { model: 'claude-haiku-4-5', messages: [{ role: 'user', content: TEXT }] },
    })),
  );
  onTestFinished(() => file.remove());
  const path = `${file.path}.create.json`;
  const submission = { file, key: KEY, format: 'openai' } as const;
  const bytes = await writeCreateBody(path, submission, SETTINGS, maxBytes);
  return { bytes, body: await readFile(path) };
}

test('writes one JSON body of any size, and returns its length', async () => {
  const { bytes, body } = await write();
  expect(bytes).toBe(body.length);
  const { requests } = JSON.parse(body.toString());
  expect(requests).toHaveLength(10);
  expect(requests[9].params.messages[0].content).toBe(TEXT);
});

test('refuses more bytes than allowed, with the fix', async () => {
  const { bytes } = await write();
  await expect(write(bytes)).resolves.toMatchObject({ bytes });
  await expect(write(bytes - 1)).rejects.toMatchObject({
    name: 'RefusedError',
    reason: { code: 'request_too_large', message: expect.stringContaining('limits.maxBytes') },
  });
});
