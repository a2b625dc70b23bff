import { MAX_CUSTOM_ID_LENGTH } from './checkRequest.ts';
import { tryParseJson } from './rows.ts';

/** The line of a request in the list of ids. JSON keeps a line end in an id from ending its line. */
export function idLine(customId: string): string {
  return `${JSON.stringify(customId)}\n`;
}

/**
 * Reads a list of ids, or the range of it that belongs to a part.
 *
 * @param requests how many ids it must have
 * @throws Error if it has others, or is cut off
 */
export function parseIds(list: Buffer, requests: number): readonly string[] {
  const lines = list.toString().split('\n');
  if (lines.pop() !== '') throw new Error('the list of ids is cut off');
  if (lines.length !== requests)
    throw new Error(`the list has ${lines.length} ids for ${requests} requests`);
  return lines.map(parseId);
}

function parseId(line: string): string {
  const id = tryParseJson(line);
  if (typeof id === 'string' && id !== '' && id.length <= MAX_CUSTOM_ID_LENGTH) return id;
  throw new Error('a line of the list of ids is no custom_id');
}
