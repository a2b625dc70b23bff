import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

/** A line of a file, without its line end. */
export interface Line {
  /** Counted from 1. */
  readonly number: number;
  readonly bytes: Buffer;
  /** Position of its first byte in the file. */
  readonly offset: number;
}

const NEWLINE = 0x0a;
const CHUNK_BYTES = 256 * 1024;
/** Bounds the memory for one line. A longer line is cut, which makes it invalid JSON. */
const MAX_LINE_BYTES = 16 * 1024 * 1024;

/**
 * Reads the lines of a file of any size. node:readline would also split at U+2028, which a JSON
 * string may contain.
 */
export async function* readLines(path: string, signal?: AbortSignal): AsyncGenerator<Line> {
  let parts: Buffer[] = [];
  let held = 0;
  let number = 1;
  let offset = 0;
  let position = 0;
  const hold = (piece: Buffer) => {
    const kept = piece.subarray(0, MAX_LINE_BYTES - held);
    if (kept.length > 0) parts.push(kept);
    held += kept.length;
  };
  const line = (): Line => {
    const [only] = parts;
    return { number, offset, bytes: parts.length === 1 && only ? only : Buffer.concat(parts) };
  };
  for await (const chunk of createReadStream(path, { highWaterMark: CHUNK_BYTES, signal })) {
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
      hold(chunk.subarray(from, end));
      yield line();
      parts = [];
      held = 0;
      number += 1;
      from = end + 1;
      offset = position + from;
    }
    hold(chunk.subarray(from));
    position += chunk.length;
  }
  if (held > 0) yield line();
}

const BUFFER_BYTES = 256 * 1024;

/** Writes lines to a new file through a bounded buffer. A `write` that fills it waits for the disk. */
export class LineWriter {
  readonly #handle: FileHandle;
  #buffer = '';
  #bytes = 0;

  private constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  /** Replaces the file if it exists, since an earlier run may have been killed while it wrote. */
  static async create(path: string): Promise<LineWriter> {
    return new LineWriter(await open(path, 'w'));
  }

  /** Bytes that have reached the file. */
  get bytes(): number {
    return this.#bytes;
  }

  async write(line: string): Promise<void> {
    this.#buffer += `${line}\n`;
    if (this.#buffer.length >= BUFFER_BYTES) await this.#flush();
  }

  async close(): Promise<void> {
    try {
      await this.#flush();
    } finally {
      await this.#handle.close();
    }
  }

  async #flush(): Promise<void> {
    const chunk = Buffer.from(this.#buffer);
    this.#buffer = '';
    await this.#handle.writeFile(chunk);
    this.#bytes += chunk.length;
  }
}
