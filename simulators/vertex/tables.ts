import { copyFileSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { omitUndefined } from '../../shared/omitUndefined.ts';
import { DocumentStore } from '../engine/documents.ts';
import { notFound } from './errors.ts';

export interface Field {
  readonly name: string;
  readonly type: string;
}

export interface TableRecord {
  /** `dataset.table` */
  readonly id: string;
  readonly sequence: number;
  readonly fields: readonly Field[];
  readonly rows: number;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}

/** BigQuery's tables, each a file of JSON lines. Every dataset exists. */
export class Tables {
  readonly #directory: string;
  readonly #records: DocumentStore<TableRecord>;
  readonly #now: () => number;

  constructor(dataDir: string, now: () => number) {
    this.#directory = join(dataDir, 'tables');
    mkdirSync(this.#directory, { recursive: true });
    this.#records = new DocumentStore(this.#directory);
    this.#now = now;
  }

  /** Replaces the rows of a table, or creates it, and moves the file at `path` here. */
  put(id: string, table: Pick<TableRecord, 'fields' | 'rows'>, path: string): TableRecord {
    const createdAt = this.find(id)?.createdAt ?? this.#now();
    renameSync(path, join(this.#directory, id));
    const record = { id, sequence: this.#records.nextSequence(), ...table, createdAt };
    this.#records.save(record);
    return record;
  }

  find(id: string): TableRecord | undefined {
    return this.#records.get(id);
  }

  /** @throws ApiError 404 */
  get(id: string): TableRecord {
    const record = this.find(id);
    if (!record) throw notFound(`Not found: Table ${id}`);
    return record;
  }

  contentPath({ id }: TableRecord): string {
    return join(this.#directory, id);
  }

  delete(record: TableRecord): void {
    this.#records.delete(record.id);
    rmSync(this.contentPath(record), { force: true });
  }

  /** Copies the rows of a table by its `bq://` URI. Returns false if there is no such table. */
  copy(uri: string, path: string): boolean {
    const record = this.find(tableIdOf(uri));
    if (record) copyFileSync(this.contentPath(record), path);
    return record !== undefined;
  }
}

/** The table of `bq://project.dataset.table`, without its project. */
export function tableIdOf(uri: string): string {
  return uri.split('.').slice(-2).join('.');
}

const NEWLINE = 0x0a;
const CHUNK_BYTES = 256 * 1024;

interface RowPage {
  readonly rows?: readonly object[];
  readonly pageToken?: string;
}

/**
 * Reads rows from a table's file, from the byte `start`. The page token is the position of the
 * first row of the next page.
 */
export async function readRows(
  path: string,
  order: { readonly fields: readonly Field[]; readonly limit: number; readonly start: number },
): Promise<RowPage> {
  const { fields, limit, start } = order;
  await using file = await open(path);
  const { size } = await file.stat();
  const rows: object[] = [];
  let rest = Buffer.alloc(0);
  let next = start;
  for (let position = start; position < size && rows.length < limit; position += CHUNK_BYTES) {
    const { buffer, bytesRead } = await file.read(
      Buffer.alloc(CHUNK_BYTES),
      0,
      CHUNK_BYTES,
      position,
    );
    rest = Buffer.concat([rest, buffer.subarray(0, bytesRead)]);
    let from = 0;
    for (let end = rest.indexOf(NEWLINE); end >= 0 && rows.length < limit; ) {
      rows.push(rowObject(JSON.parse(rest.toString('utf8', from, end)), fields));
      next += end + 1 - from;
      from = end + 1;
      end = rest.indexOf(NEWLINE, from);
    }
    rest = rest.subarray(from);
  }
  return omitUndefined({
    rows: rows.length > 0 ? rows : undefined,
    pageToken: next < size ? String(next) : undefined,
  });
}

/** A row as the API shows it: all values are strings, those of JSON columns too. */
function rowObject(row: Readonly<Record<string, unknown>>, fields: readonly Field[]): object {
  return {
    f: fields.map(({ name, type }) => {
      const value = row[name] ?? null;
      return { v: value !== null && type === 'JSON' ? JSON.stringify(value) : value };
    }),
  };
}
