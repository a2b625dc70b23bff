import { open } from 'node:fs/promises';
import type { Field } from './tables.ts';

const NEWLINE = 0x0a;
const CHUNK_BYTES = 256 * 1024;

interface Page {
  readonly rows?: readonly object[];
  readonly pageToken?: string;
}

/** Some rows of a table's file, from the byte `start`; the page's token is where the next begins. */
export async function readPage(
  path: string,
  order: { readonly fields: readonly Field[]; readonly limit: number; readonly start: number },
): Promise<Page> {
  const { fields, limit, start } = order;
  await using file = await open(path);
  const { size } = await file.stat();
  const rows: object[] = [];
  let held = Buffer.alloc(0);
  let next = start;
  for (let position = start; position < size && rows.length < limit; position += CHUNK_BYTES) {
    const { buffer, bytesRead } = await file.read(
      Buffer.alloc(CHUNK_BYTES),
      0,
      CHUNK_BYTES,
      position,
    );
    held = Buffer.concat([held, buffer.subarray(0, bytesRead)]);
    let from = 0;
    for (let end = held.indexOf(NEWLINE); end >= 0 && rows.length < limit; ) {
      rows.push(rowView(JSON.parse(held.toString('utf8', from, end)), fields));
      next += end + 1 - from;
      from = end + 1;
      end = held.indexOf(NEWLINE, from);
    }
    held = held.subarray(from);
  }
  return {
    ...(rows.length > 0 ? { rows } : {}),
    ...(next < size ? { pageToken: String(next) } : {}),
  };
}

/** All values are texts, JSON too. */
function rowView(row: Readonly<Record<string, unknown>>, fields: readonly Field[]): object {
  return {
    f: fields.map(({ name, type }) => {
      const value = row[name] ?? null;
      return { v: value !== null && type === 'JSON' ? JSON.stringify(value) : value };
    }),
  };
}
