import { type RefusedError, refusal } from '../batch/errors.ts';
import { parseRow } from './rows.ts';

/** One line of a file, without its line end. */
export interface Line {
  /** Counted from 1, blank lines included. */
  readonly number: number;
  /** Position of the line's first byte in the stream. */
  readonly offset: number;
  readonly bytes: Buffer;
}

/**
 * Longer lines are refused, because a line is held in memory. Requests stay far below, but one row
 * of 2,048 embeddings has over 100 MB.
 */
const DEFAULT_MAX_LINE_BYTES = 256 * 1024 * 1024;

const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const TAB = 0x09;

/**
 * Splits a stream into lines that end in LF or CRLF, with or without a line end at the end of the
 * stream. Leaves out blank lines. Yields the lines of a chunk together, because an await per line
 * would cost more than the line.
 *
 * @throws RefusedError, naming the line, for a line longer than `maxLineBytes` (default: 256 MiB)
 */
export async function* lineGroups(
  source: AsyncIterable<Uint8Array>,
  maxLineBytes = DEFAULT_MAX_LINE_BYTES,
): AsyncGenerator<readonly Line[]> {
  let number = 0;
  let offset = 0;
  let position = 0;
  // A line may span many chunks. They are joined once, at its end, so that a long line takes
  // linear time.
  let open: Buffer[] = [];
  let openBytes = 0;
  for await (const chunk of source) {
    const buffer = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const lines: Line[] = [];
    let start = 0;
    for (let end = buffer.indexOf(LF); end !== -1; end = buffer.indexOf(LF, start)) {
      const piece = buffer.subarray(start, end);
      number += 1;
      const bytes = withoutCr(open.length === 0 ? piece : Buffer.concat([...open, piece]));
      if (bytes.length > maxLineBytes) throw lineTooLong(number, maxLineBytes);
      if (!isBlank(bytes)) lines.push({ number, offset, bytes });
      offset = position + end + 1;
      if (open.length > 0) open = [];
      openBytes = 0;
      start = end + 1;
    }
    position += buffer.length;
    const rest = buffer.subarray(start);
    openBytes += rest.length;
    if (openBytes > maxLineBytes) throw lineTooLong(number + 1, maxLineBytes);
    if (rest.length > 0) open.push(rest);
    if (lines.length > 0) yield lines;
  }
  const last = withoutCr(Buffer.concat(open));
  if (!isBlank(last)) yield [{ number: number + 1, offset, bytes: last }];
}

/** Like `lineGroups`, but yields one line at a time. */
export async function* lines(source: AsyncIterable<Uint8Array>): AsyncGenerator<Line> {
  for await (const group of lineGroups(source)) yield* group;
}

function withoutCr(line: Buffer): Buffer {
  return line.at(-1) === CR ? line.subarray(0, -1) : line;
}

/** Whether a line holds only what JSON calls whitespace. A byte order mark is not. */
export function isBlank(line: Buffer): boolean {
  return line.length === 0 || (isSpace(line[0] as number) && line.every(isSpace));
}

function isSpace(byte: number): boolean {
  return byte === SPACE || byte === TAB || byte === CR;
}

function lineTooLong(number: number, maxLineBytes: number): RefusedError {
  const message = `line ${number} has over ${maxLineBytes} bytes: put large content behind a URL`;
  return refusal('line_too_long', message, number);
}

/** Lines are collected up to about this many bytes: a write per line would cost more than the line. */
const WRITE_BYTES = 256 * 1024;

export const LINE_END = Buffer.from('\n');

/** A destination of bytes. A chunk must not be changed until its write resolves; then it is reused. */
export interface ByteTarget {
  write(chunk: Uint8Array): Promise<unknown>;
}

/**
 * Collects lines and writes them in large chunks to any destination of bytes. It collects the next
 * chunk while one write is in progress. A write that failed is reported by the next `flush` or by
 * `close`.
 */
export function lineSink(target: ByteTarget) {
  let bytes = 0;
  // Two buffers serve all writes.
  let [filling, underWay] = [Buffer.alloc(0), Buffer.alloc(0)];
  let writing: Promise<unknown> = Promise.resolve();

  function grow(needed: number): void {
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, 2 * WRITE_BYTES));
    grown.set(filling.subarray(0, bytes));
    filling = grown;
  }

  async function flush(): Promise<void> {
    if (bytes === 0) return;
    const chunk = filling.subarray(0, bytes);
    bytes = 0;
    await writing;
    writing = target.write(chunk);
    writing.catch(() => {});
    [filling, underWay] = [underWay, filling];
    // One that a very long line has made is not kept.
    if (filling.length > 2 * WRITE_BYTES) filling = Buffer.alloc(0);
  }

  return {
    /** Adds a line, whose memory may be reused then; returns true when the caller should flush. */
    add(line: Uint8Array): boolean {
      if (bytes + line.length + 1 > filling.length) grow(bytes + line.length + 1);
      filling.set(line, bytes);
      filling[bytes + line.length] = LF;
      bytes += line.length + 1;
      return bytes >= WRITE_BYTES;
    },
    /** Whether the caller should flush. */
    get isFull(): boolean {
      return bytes >= WRITE_BYTES;
    },
    flush,
    /** Resolves when everything has been written. */
    async close(): Promise<void> {
      await flush();
      await writing;
    },
  };
}

/** A `custom_id` of plain characters that comes first, or right after the `id` of a row. */
const LEADING = /^\{\s*(?:"id"\s*:\s*(?:null|"[^"\\]*")\s*,\s*)?"custom_id"\s*:\s*"([ !#-[\]-~]*)"/;
/** Room for the longest `custom_id` and the `id` of a row before it. */
const LEADING_BYTES = 700;
/** The last byte of a complete object. */
const CLOSING_BRACE = 0x7d;

/**
 * The `custom_id` that a line begins with, found without parsing the line; undefined if it comes
 * later in the line or contains escapes. JSON would give a second `custom_id` of the line
 * precedence; lines are checked for that before they are kept.
 */
export function leadingCustomId(line: Buffer): string | undefined {
  return leadingCustomIdIn(line.toString('latin1', 0, LEADING_BYTES));
}

/** Like `leadingCustomId`, for a line that has been decoded already. */
export function leadingCustomIdIn(text: string): string | undefined {
  return LEADING.exec(text)?.[1];
}

/**
 * The `custom_id` of a request of the snapshot, or of a merged row.
 *
 * @throws Error if the line has none or is cut off
 */
export function customIdOf(line: Buffer): string {
  const leading = line.at(-1) === CLOSING_BRACE ? leadingCustomId(line) : undefined;
  if (leading !== undefined) return leading;
  const { custom_id: customId } = parseRow(line);
  if (typeof customId === 'string') return customId;
  throw new Error(`a row of ${line.length} bytes has no custom_id`);
}

/** The bytes of a parsed row, rewritten if they begin with another `custom_id` than the row's. */
export function withOneId(bytes: Uint8Array, row: { readonly custom_id?: unknown }): Uint8Array {
  const line = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const leading = leadingCustomId(line);
  if (leading === undefined || typeof row.custom_id !== 'string' || leading === row.custom_id)
    return bytes;
  return Buffer.from(JSON.stringify(row));
}
