import { createHash } from 'node:crypto';
import type { ObjectStore } from '../shared/batch/ports.ts';

export const MB = 1024 * 1024;

/** Bytes that repeat nowhere, so that a piece in the wrong place is seen. */
export function bytesOf(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let i = 0; i + 4 <= length; i += 4) bytes.writeUInt32LE(i, i);
  return bytes;
}

export function digestOf(bytes: Uint8Array): string {
  return `${bytes.length} bytes, ${createHash('sha256').update(bytes).digest('hex')}`;
}

export async function write(store: ObjectStore, key: string, content: string | Uint8Array) {
  const writer = store.writer(key);
  await writer.write(Buffer.from(content));
  return writer.close();
}

export async function readAll(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  // The reader may use its buffer again.
  for await (const chunk of source) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

export async function textOf(store: ObjectStore, key: string): Promise<string> {
  return (await readAll(store.read(key))).toString();
}

export const headOf = (store: ObjectStore, key: string) =>
  store.head({ bucket: store.bucket, key });

export async function etagOf(store: ObjectStore, key: string): Promise<string> {
  return (await headOf(store, key))?.etag ?? '';
}

/** Keys that differ in what URLs and file systems fold together. */
export const ODD_KEYS = [
  'batches/b1/t/input.jsonl',
  'batches/b1/t/input',
  'batches/b1/t',
  'batches/B1/t',
  'a/ü b+c?%.jsonl',
  'a/u\u0308 b+c?%.jsonl',
  'a/%C3%BC',
  '.hidden',
  'a/b ',
  'con.txt:stream',
  '😀/\u202e',
];
