import type { ScratchFile } from '../batch/ports.ts';
import { type FileSpan, readInPlace } from './scratch.ts';

/** Memory is taken in pieces of this size, which are used again and again; of a larger row, in one of its own. */
const SEGMENT_BYTES = 1024 * 1024;
/** An answer of 20 KB may come 1,000 places late, as requests run side by side, and still be in memory. */
const DEFAULT_MAX_BYTES = 32 * 1024 * 1024;

interface Segment {
  /** Undefined once it was written to the file, or none of its rows is needed. */
  memory: Buffer | undefined;
  /** Bytes of rows in it. */
  bytes: number;
  /** Rows that may still be read. */
  rows: number;
  /** Where it begins in the file, once it was written there. */
  fileOffset: number;
}

/** Where a row is. */
export interface RowPlace {
  readonly segment: number;
  readonly offset: number;
  readonly length: number;
}

/**
 * Rows that are needed for a while: the latest are in memory, and older ones in a file. Memory is bounded,
 * whatever the number and the size of the rows, except that it holds the latest row.
 */
export class RowWindow {
  readonly #file: ScratchFile;
  readonly #maxBytes: number;
  readonly #segments: Segment[] = [];
  #spare: Buffer[] = [];
  /** Of memory that is used or spare. */
  #held = 0;
  /** All segments before this one have left memory. */
  #oldest = 0;

  /** @param maxBytes of memory; at least one segment of 1 MiB is used. Default: 32 MiB */
  constructor(file: ScratchFile, maxBytes = DEFAULT_MAX_BYTES) {
    this.#file = file;
    this.#maxBytes = maxBytes;
  }

  /** Whether a row of this size can be added. Otherwise `makeRoom` comes first. */
  hasRoom(bytes: number): boolean {
    const last = this.#segments.at(-1);
    return last?.memory !== undefined && last.bytes + bytes <= last.memory.length;
  }

  /** Makes room for one row, by writing the oldest ones to the file if there is none. */
  async makeRoom(bytes: number): Promise<void> {
    const size = Math.max(SEGMENT_BYTES, bytes);
    const last = this.#segments.length - 1;
    if (last >= 0) this.#freeIfUnused(last);
    let memory = this.#take(size);
    while (!memory && (await this.#spillOldest())) memory = this.#take(size);
    // The row alone is larger than the window.
    if (!memory) this.#held += size;
    memory ??= Buffer.allocUnsafeSlow(size);
    this.#segments.push({ memory, bytes: 0, rows: 0, fileOffset: -1 });
  }

  /** Adds a row that there is room for. */
  add(row: Uint8Array): RowPlace {
    const segment = this.#segments.length - 1;
    const last = this.#segments[segment] as Segment;
    const offset = last.bytes;
    last.memory?.set(row, offset);
    last.bytes += row.length;
    last.rows += 1;
    return { segment, offset, length: row.length };
  }

  /** The row's bytes, which stay as they are until it is released; undefined for one in the file. */
  inMemory({ segment, offset, length }: RowPlace): Uint8Array | undefined {
    return this.#segments[segment]?.memory?.subarray(offset, offset + length);
  }

  /** Reads rows. Their bytes stay as they are until they are released, or others are added. */
  async read(places: readonly RowPlace[]): Promise<readonly Uint8Array[]> {
    const inMemory = places.map((place) => this.inMemory(place));
    const spans = places.flatMap((place, index): FileSpan[] => {
      if (inMemory[index]) return [];
      const { fileOffset } = this.#segments[place.segment] as Segment;
      return [{ offset: fileOffset + place.offset, length: place.length }];
    });
    const fromFile = (await readInPlace(this.#file, spans)).values();
    return inMemory.map((bytes) => bytes ?? (fromFile.next().value as Uint8Array));
  }

  /** Says that a row is not needed any more. */
  release({ segment }: RowPlace): void {
    (this.#segments[segment] as Segment).rows -= 1;
    // Rows are still added to the last segment.
    if (segment < this.#segments.length - 1) this.#freeIfUnused(segment);
  }

  #freeIfUnused(index: number): void {
    const segment = this.#segments[index] as Segment;
    if (segment.rows > 0 || !segment.memory) return;
    this.#giveBack(segment.memory);
    segment.memory = undefined;
  }

  /** Memory of this size, if the window may hold so much more. */
  #take(size: number): Buffer | undefined {
    const spare = size === SEGMENT_BYTES ? this.#spare.pop() : undefined;
    if (spare) return spare;
    this.#held -= this.#spare.length * SEGMENT_BYTES;
    this.#spare = [];
    if (this.#held + size > this.#maxBytes) return undefined;
    this.#held += size;
    return Buffer.allocUnsafeSlow(size);
  }

  #giveBack(memory: Buffer): void {
    if (memory.length === SEGMENT_BYTES) this.#spare.push(memory);
    else this.#held -= memory.length;
  }

  /** @returns false if nothing is in memory */
  async #spillOldest(): Promise<boolean> {
    while (this.#oldest < this.#segments.length) {
      const segment = this.#segments[this.#oldest] as Segment;
      this.#oldest += 1;
      if (!segment.memory) continue;
      segment.fileOffset = this.#file.bytes;
      await this.#file.write(segment.memory.subarray(0, segment.bytes));
      this.#giveBack(segment.memory);
      segment.memory = undefined;
      return true;
    }
    return false;
  }
}
