import { type FileHandle, open } from 'node:fs/promises';

const BUFFER_BYTES = 256 * 1024;

/** Writes lines to a new file through one bounded buffer; each `write` waits for the disk. */
export class LineWriter {
  readonly #handle: FileHandle;
  #buffer = '';
  #bytes = 0;

  private constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  /** Replaces the file if it exists: an earlier run was killed while it wrote. */
  static async create(path: string): Promise<LineWriter> {
    return new LineWriter(await open(path, 'w'));
  }

  /** Bytes written so far. */
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
