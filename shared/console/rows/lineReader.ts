import type { ByteRange } from '../../batch/ports.ts';
import { customIdOf, isBlank, leadingCustomId } from '../../jsonl/lines.ts';

/**
 * A longer line is held only up to here: a row of 2,048 embeddings has over 100 MB, and three files are
 * read at the same time.
 */
export const MAX_HELD_BYTES = 16 * 1024 * 1024;

/**
 * What is asked for at first, and at most: a page takes little of a file, and a search all of it. A range
 * is a stream, so that its size costs no memory.
 */
const FIRST_WINDOW_BYTES = 256 * 1024;
const MAX_WINDOW_BYTES = 64 * 1024 * 1024;

/** A JSONL file, or a part of one: whole lines from `start` to before `end`, in bytes. */
export interface LineFile extends ByteRange {
  readonly read: (range: ByteRange) => AsyncIterable<Uint8Array>;
}

const LF = 0x0a;
const CR = 0x0d;

/** A line of a file. */
export class FileLine {
  /** Position of its first byte in the file. */
  readonly start: number;
  /** Number of its bytes, without its line end. */
  readonly size: number;
  /** Its bytes; of a line that is longer than what is held, the first of them. */
  readonly held: Buffer;
  #customId: string | null | undefined;

  constructor(start: number, size: number, held: Buffer) {
    this.start = start;
    this.size = size;
    this.held = held;
  }

  get isCut(): boolean {
    return this.held.length < this.size;
  }

  /** Undefined if it cannot be read from the line. */
  get customId(): string | undefined {
    if (this.#customId === undefined) this.#customId = this.#readCustomId() ?? null;
    return this.#customId ?? undefined;
  }

  #readCustomId(): string | undefined {
    if (this.isCut) return leadingCustomId(this.held);
    try {
      return customIdOf(this.held);
    } catch {
      return undefined;
    }
  }
}

/**
 * Reads a file line by line from any position, in constant memory. Unlike a merge, it stops at no line:
 * neither a broken one nor a long one costs more than itself.
 */
export class LineReader {
  readonly #file: LineFile;
  /** Lines that were read and not taken yet. */
  #lines: FileLine[] = [];
  #next = 0;
  #chunks: AsyncIterator<Uint8Array> | undefined;
  #windowBytes = FIRST_WINDOW_BYTES;
  /** Where the open range ends, and how far it was read. */
  #windowEnd: number;
  #readTo: number;
  /** The line that is not complete yet. */
  #openStart: number;
  #open: Buffer[] = [];
  #openHeld = 0;

  constructor(file: LineFile, start: number = file.start) {
    this.#file = file;
    this.#readTo = start;
    this.#windowEnd = start;
    this.#openStart = start;
  }

  /** Where the next line begins. */
  get position(): number {
    return this.#lines[this.#next]?.start ?? this.#openStart;
  }

  /** Bytes that were read so far. */
  get readTo(): number {
    return this.#readTo;
  }

  /** The next line if it is in memory: most are, and an await for each would cost more than the line. */
  get head(): FileLine | undefined {
    return this.#lines[this.#next];
  }

  /** Whether there is no further line. */
  get isOver(): boolean {
    return this.head === undefined && this.#hasReadAll;
  }

  get #hasReadAll(): boolean {
    return this.#readTo >= this.#file.end && this.#openStart >= this.#file.end;
  }

  /** Takes the head. */
  take(): void {
    this.#next += 1;
    if (this.#next < this.#lines.length) return;
    this.#lines = [];
    this.#next = 0;
  }

  /** Resolves when there is a head, or the file is over. */
  async load(): Promise<void> {
    while (this.head === undefined && !this.#hasReadAll) await this.#readChunk();
  }

  /**
   * Looks for a line behind the head.
   *
   * @param within lines that are looked at
   * @param withinBytes that they have together, about
   */
  async isAhead(customId: string, within: number, withinBytes: number): Promise<boolean> {
    let bytes = 0;
    for (let index = 0; index < within && bytes < withinBytes; index++) {
      while (this.#lines.length <= this.#next + index && !this.#hasReadAll) await this.#readChunk();
      const line = this.#lines[this.#next + index];
      if (line === undefined) return false;
      if (line.customId === customId) return true;
      bytes += line.held.length;
    }
    return false;
  }

  async close(): Promise<void> {
    await this.#chunks?.return?.();
    this.#chunks = undefined;
  }

  async #readChunk(): Promise<void> {
    if (this.#readTo >= this.#file.end) return this.#addLine(this.#file.end, Buffer.alloc(0));
    if (this.#chunks === undefined) {
      this.#windowEnd = Math.min(this.#file.end, this.#readTo + this.#windowBytes);
      this.#windowBytes = Math.min(MAX_WINDOW_BYTES, 4 * this.#windowBytes);
      const range = { start: this.#readTo, end: this.#windowEnd };
      this.#chunks = this.#file.read(range)[Symbol.asyncIterator]();
    }
    const { done, value } = await this.#chunks.next();
    if (done) {
      this.#chunks = undefined;
      if (this.#readTo < this.#windowEnd) throw new Error('a file is shorter than it was');
      return;
    }
    this.#split(Buffer.from(value.buffer, value.byteOffset, value.byteLength));
  }

  #split(chunk: Buffer): void {
    let start = 0;
    for (let end = chunk.indexOf(LF); end !== -1; end = chunk.indexOf(LF, start)) {
      this.#addLine(this.#readTo + end, chunk.subarray(start, end));
      // The next line begins behind the line end.
      this.#openStart += 1;
      start = end + 1;
    }
    this.#hold(chunk.subarray(start));
    this.#readTo += chunk.length;
  }

  #hold(piece: Buffer): void {
    const room = MAX_HELD_BYTES - this.#openHeld;
    if (room <= 0 || piece.length === 0) return;
    const held = piece.subarray(0, room);
    this.#open.push(held);
    this.#openHeld += held.length;
  }

  /** @param end of the line, in the file */
  #addLine(end: number, lastPiece: Buffer): void {
    this.#hold(lastPiece);
    const [only, ...more] = this.#open;
    const held = only && more.length === 0 ? only : Buffer.concat(this.#open);
    const size = end - this.#openStart;
    const hasCr = held.length === size && held.at(-1) === CR;
    const line = new FileLine(
      this.#openStart,
      hasCr ? size - 1 : size,
      hasCr ? held.subarray(0, -1) : held,
    );
    if (!isBlank(line.held)) this.#lines.push(line);
    this.#openStart = end;
    this.#open = [];
    this.#openHeld = 0;
  }
}
