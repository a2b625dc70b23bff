import { createHash, type Hash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { ClientError } from '../client/clientError.ts';

/** A file is copied in pieces of this size at most, so that a lost one is soon sent again. */
export const MAX_PIECE_BYTES = 8 * 1024 * 1024;

/** A piece of a file that is here. */
export interface Piece {
  /** The position after its last byte. */
  readonly end: number;
  /** In hex. */
  readonly sha256: string;
}

/** A file that is not whole yet. */
interface OpenFile {
  readonly path: string;
  /** How errors name it. */
  readonly name: string;
  /** Of the whole file. */
  readonly bytes: number;
  /** Bytes that are here. */
  readonly received: number;
  /** Of what is here. */
  readonly content: Hash;
}

/**
 * Writes the next piece of a file behind what is here. If it does not come whole, the next one is
 * written over it.
 *
 * @param place where files are kept, for whoever has to make room there
 * @returns the piece, and the hash of all that is here with it
 * @throws ClientError `invalid_input` if the file is longer than was said, or the piece is not whole;
 *   `not_possible` if it cannot be written
 */
export async function writePiece(
  { path, name, bytes, received, content: before }: OpenFile,
  piece: AsyncIterable<Uint8Array>,
  place: string,
): Promise<Piece & { readonly content: Hash }> {
  const sha256 = createHash('sha256');
  const content = before.copy();
  let end = received;
  async function* checked(): AsyncGenerator<Uint8Array> {
    for await (const chunk of piece) {
      end += chunk.length;
      if (end > bytes) throw invalid(`${name} has changed while it was copied: choose it again`);
      if (end - received > MAX_PIECE_BYTES)
        throw invalid(`a piece has at most ${MAX_PIECE_BYTES} bytes`);
      sha256.update(chunk);
      content.update(chunk);
      yield chunk;
    }
  }
  try {
    await pipeline(checked, createWriteStream(path, { flags: 'r+', start: received }));
  } catch (error) {
    throw told(error, name, place);
  }
  if (end === received) throw invalid(`a piece of ${name} is empty: send it again`);
  return { end, sha256: sha256.digest('hex'), content };
}

function told(error: unknown, name: string, place: string): Error {
  if (error instanceof ClientError) return error;
  const { code } = { ...(error as NodeJS.ErrnoException) };
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new ClientError(
      'not_possible',
      `the disk is full: make room in ${place}, and go on from what is here of ${name}`,
    );
  if (code === 'ENOENT')
    return new ClientError(
      'not_possible',
      `what was here of ${name} is gone: discard it, and choose the file again`,
    );
  return invalid(`a piece of ${name} did not arrive whole: send it again`);
}

function invalid(message: string): ClientError {
  return new ClientError('invalid_input', message);
}
