import { type RefusedError, refusal } from '../batch/errors.ts';
import { parseRow } from './rows.ts';

/** One line of a file, without its line end. */
export interface Line {
  /** From 1; blank lines are counted too. */
  readonly number: number;
  /** Of its first byte, from the beginning of the stream. */
  readonly offset: number;
  readonly bytes: Buffer;
}

/**
 * A longer line is refused instead of being held in memory. Requests stay far below, but one row of
 * 2,048 embeddings has over 100 MB.
 */
const MAX_LINE_BYTES = 256 * 1024 * 1024;

const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const TAB = 0x09;

/**
 * Splits a stream into lines, whatever the chunks: LF or CRLF, with or without one at the end.
 * Blank lines are left out. Yields the lines of a chunk together, because an await per line would
 * cost more than the line.
 *
 * @throws RefusedError, naming the line, for one of over 256 MiB
 */
export async function* lineGroups(
  source: AsyncIterable<Uint8Array>,
  maxLineBytes = MAX_LINE_BYTES,
): AsyncGenerator<readonly Line[]> {
  let number = 0;
  let offset = 0;
  let position = 0;
  // A line may span many chunks: joining them once, at its end, keeps a long line linear.
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
      if (bytes.length > maxLineBytes) throw tooLong(number, maxLineBytes);
      if (!isBlank(bytes)) lines.push({ number, offset, bytes });
      offset = position + end + 1;
      if (open.length > 0) open = [];
      openBytes = 0;
      start = end + 1;
    }
    position += buffer.length;
    const rest = buffer.subarray(start);
    openBytes += rest.length;
    if (openBytes > maxLineBytes) throw tooLong(number + 1, maxLineBytes);
    if (rest.length > 0) open.push(rest);
    if (lines.length > 0) yield lines;
  }
  const last = withoutCr(Buffer.concat(open));
  if (!isBlank(last)) yield [{ number: number + 1, offset, bytes: last }];
}

/** The same, line by line. */
export async function* lines(source: AsyncIterable<Uint8Array>): AsyncGenerator<Line> {
  for await (const group of lineGroups(source)) yield* group;
}

function withoutCr(line: Buffer): Buffer {
  return line.at(-1) === CR ? line.subarray(0, -1) : line;
}

/** What JSON takes for space: a byte order mark alone on its line is something. */
function isBlank(line: Buffer): boolean {
  return line.length === 0 || (isSpace(line[0] as number) && line.every(isSpace));
}

function isSpace(byte: number): boolean {
  return byte === SPACE || byte === TAB || byte === CR;
}

function tooLong(number: number, maxLineBytes: number): RefusedError {
  const message = `line ${number} has over ${maxLineBytes} bytes: put large content behind a URL`;
  return refusal('line_too_long', message, number);
}

/** A `custom_id` of plain characters that comes first, or right after the `id` of a row. */
const LEADING = /^\{\s*(?:"id"\s*:\s*(?:null|"[^"\\]*")\s*,\s*)?"custom_id"\s*:\s*"([ !#-[\]-~]*)"/;
/** Room for the longest `custom_id` and the `id` of a row before it. */
const LEADING_BYTES = 700;
/** The last byte of a whole object. */
const CLOSING_BRACE = 0x7d;

/**
 * The `custom_id` that a line begins with, found without parsing the line: undefined where it lies
 * elsewhere or is spelt with escapes. It is the line's own unless the line has a second one, which
 * counts in JSON; lines are checked for that before they are kept.
 */
export function leadingCustomId(line: Buffer): string | undefined {
  return leadingCustomIdIn(line.toString('latin1', 0, LEADING_BYTES));
}

/** The same of the text of a line. */
export function leadingCustomIdIn(text: string): string | undefined {
  return LEADING.exec(text)?.[1];
}

/**
 * The `custom_id` of a request of the snapshot, or of a row that was merged.
 *
 * @throws Error if it has none, or is cut
 */
export function customIdOf(line: Buffer): string {
  const leading = line.at(-1) === CLOSING_BRACE ? leadingCustomId(line) : undefined;
  if (leading !== undefined) return leading;
  const { custom_id: customId } = parseRow(line);
  if (typeof customId === 'string') return customId;
  throw new Error(`a row of ${line.length} bytes has no custom_id`);
}

/** The bytes of a parsed row, written anew if it begins with another `custom_id` than it has. */
export function withOneId(bytes: Uint8Array, row: object, customId: string): Uint8Array {
  const line = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const leading = leadingCustomId(line);
  if (leading === undefined || leading === customId) return bytes;
  return Buffer.from(JSON.stringify(row));
}
