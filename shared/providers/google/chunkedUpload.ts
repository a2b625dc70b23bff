import { open } from 'node:fs/promises';
import { unusableAnswer } from '../unusableAnswer.ts';

/** A multiple of 256 KiB, as the protocols want; what Google's SDK sends. */
const CHUNK_BYTES = 8 * 1024 * 1024;
/** Chunks in a row that may bring nothing forward. */
const MAX_STANDSTILLS = 3;

/** A part of a file, which may be empty. */
export interface Chunk {
  readonly bytes: Uint8Array;
  readonly offset: number;
  readonly isLast: boolean;
}

/** What a session makes of a chunk: how far it is, or what it answers to a whole file. */
export type Progress = { readonly received: number } | { readonly answer: unknown };

/** A file on disk. */
export interface UploadFile {
  readonly path: string;
  readonly bytes: number;
}

/**
 * Sends a file to a session in chunks, going on from wherever the session is. Memory holds one
 * chunk.
 *
 * @param provider for the reason, such as `Gemini`
 * @returns what the session answers to the last chunk
 * @throws ProviderError if the session does not get on, and what `send` throws
 */
export async function chunkedUpload(
  provider: string,
  { path, bytes }: UploadFile,
  send: (chunk: Chunk) => Promise<Progress>,
): Promise<unknown> {
  await using file = await open(path);
  let standstills = 0;
  for (let offset = 0; standstills < MAX_STANDSTILLS; ) {
    const length = Math.max(0, Math.min(CHUNK_BYTES, bytes - offset));
    // A new one each time: a broken connection may still be sending the last.
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, offset);
    const isLast = offset + bytesRead === bytes;
    const progress = await send({ bytes: buffer.subarray(0, bytesRead), offset, isLast });
    if ('answer' in progress) return progress.answer;
    standstills = progress.received > offset ? 0 : standstills + 1;
    offset = progress.received;
  }
  throw unusableAnswer(`${provider}, upload`, 'the session does not get on');
}
