import { parseRow } from './rows.ts';

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
