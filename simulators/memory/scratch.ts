import type { Scratch, ScratchFile } from '../../shared/batch/ports.ts';

/** Local disk. Nothing goes wrong with it, and it is gone with its process. */
export const memoryScratch: Scratch = { create: async () => new MemoryFile() };

class MemoryFile implements ScratchFile {
  readonly path = 'memory';
  bytes = 0;
  #chunks: Buffer[] = [];

  async write(chunk: Uint8Array): Promise<void> {
    this.#chunks.push(Buffer.from(chunk));
    this.bytes += chunk.length;
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    const content = Buffer.concat(this.#chunks);
    this.#chunks = [content];
    return content.subarray(offset, offset + length);
  }

  async remove(): Promise<void> {}
}
