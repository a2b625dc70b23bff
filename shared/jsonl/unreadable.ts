import { UNREADABLE_ROW } from '../batch/ledger.ts';
import { errorRow, isObject, parseRow, type ResultRow, tryParseJson } from './rows.ts';

/**
 * What a line of a job's output holds. `broken`: it is not JSON, so an answer may be lost in it.
 * `empty`: it holds no answer at all, because it is only NUL bytes, or JSON that is no object.
 */
export type OutputLine =
  | {
      readonly holds: 'object';
      readonly value: Readonly<Record<string, unknown>>;
      /** The object without what stands around it. */
      readonly bytes: Uint8Array;
    }
  | { readonly holds: 'broken'; readonly text: string }
  | { readonly holds: 'empty' };

/** What may stand around an object: a byte order mark, and the NUL bytes of a hole in a file. */
const SURROUNDINGS = /^[\uFEFF\0\s]+|[\0\s]+$/g;

export function readOutputLine(line: Uint8Array): OutputLine {
  const text = Buffer.from(line.buffer, line.byteOffset, line.byteLength).toString();
  const value = tryParseJson(text);
  if (isObject(value)) return { holds: 'object', value, bytes: line };
  const inner = text.replaceAll(SURROUNDINGS, '');
  const mended = tryParseJson(inner);
  if (isObject(mended)) return { holds: 'object', value: mended, bytes: Buffer.from(inner) };
  return inner === '' || mended !== undefined ? { holds: 'empty' } : { holds: 'broken', text };
}

/** A row that names no request, although it may be the answer to one. */
export const NAMELESS_ROW = Buffer.from('{}');

/** A row that names its request only by its position in the job, counted from 0. */
export interface PositionedRow extends ResultRow {
  readonly position: number;
}

/** The row without its id, for an answer that has none. */
export function positionedRow(row: Uint8Array, position: number): Buffer {
  return Buffer.from(JSON.stringify({ ...parseRow(row), custom_id: null, position }));
}

/**
 * The row of a request whose answer cannot be read.
 *
 * @param problem what is known of the answer, never its content
 */
export function unreadableRow(reference: string, problem: string): Buffer {
  const message = `the provider's row for this request cannot be read: ${problem}. The answer may have been paid for, so the request runs again only with retry`;
  return errorRow(reference, { code: UNREADABLE_ROW, message });
}

/**
 * The rows in place of a line that is not JSON: one for each request whose id can still be seen in
 * it, because a lost line end joins several; else one that names no request.
 *
 * @param idFields names of the fields that may hold the id, separated by `|`
 * @param referenceOf undefined for the id of another job's request
 */
export function brokenRows(
  text: string,
  idFields: string,
  referenceOf: (id: string) => string | undefined,
): readonly Buffer[] {
  // Quotes within an answer's text are escaped, so that they do not match.
  const pattern = new RegExp(`"(?:${idFields})"\\s*:\\s*("(?:[^"\\\\]|\\\\.)*")`, 'g');
  const ids = [...text.matchAll(pattern)].map(([, id = '']) => tryParseJson(id));
  const seen = ids.filter((id) => typeof id === 'string');
  if (seen.length === 0) return [NAMELESS_ROW];
  const problem = `its line of ${text.length} characters is not JSON`;
  return seen
    .map(referenceOf)
    .filter((reference) => reference !== undefined)
    .map((reference) => unreadableRow(reference, problem));
}

/** How an adapter reads the lines of its provider's output. */
export interface LineReader<Line> {
  /** Names of the fields that may hold a request's id, separated by `|`. */
  readonly idFields: string;
  idOf(line: Line): unknown;
  /** The reference of an id; undefined for the id of another job's request. */
  referenceOf(id: string): string | undefined;
  /** Undefined for a request that did not run. Throws for a line of another form than documented. */
  rowOf(reference: string, line: Line): Uint8Array | undefined;
}

/** The rows of a line. A line that cannot be read costs at most its own request. */
export function rowsOfLine<Line extends object>(
  bytes: Uint8Array,
  reader: LineReader<Line>,
): readonly Uint8Array[] {
  const line = readOutputLine(bytes);
  switch (line.holds) {
    case 'object':
      return rowsOfObject(line.value as Line, reader);
    case 'broken':
      return brokenRows(line.text, reader.idFields, reader.referenceOf);
    case 'empty':
      // Counted where the rows are gathered.
      return [bytes];
  }
}

/** Like {@link rowsOfLine}, for a line that has been parsed. */
export function rowsOfObject<Line extends object>(
  line: Line,
  { idOf, referenceOf, rowOf }: LineReader<Line>,
): readonly Uint8Array[] {
  const id = idOf(line);
  if (typeof id !== 'string') return [NAMELESS_ROW];
  const reference = referenceOf(id);
  if (reference === undefined) return [];
  const row = rowOrUnreadable(reference, line, rowOf);
  return row === undefined ? [] : [row];
}

function rowOrUnreadable<Line>(reference: string, line: Line, rowOf: LineReader<Line>['rowOf']) {
  try {
    return rowOf(reference, line);
  } catch {
    // The message of the error might quote the answer.
    return unreadableRow(reference, 'it has another form than the provider documents');
  }
}
