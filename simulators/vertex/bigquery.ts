import { copyFileSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { DocumentStore } from '../engine/documents.ts';
import type { Journal } from '../engine/journal.ts';
import { type Call, type Route, route } from '../engine/router.ts';
import { invalid, notFound } from './errors.ts';
import type { Loads } from './loads.ts';

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

/** The tables of all datasets, each a file of JSON lines: any dataset exists. */
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

  /** Takes over the file at this path; what the table held is replaced. */
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

  /** Copies a table's rows by its bq:// URI; false if there is none. */
  copy(uri: string, path: string): boolean {
    const record = this.find(tableIdOf(uri));
    if (record) copyFileSync(this.contentPath(record), path);
    return record !== undefined;
  }
}

/** `bq://project.dataset.table` without its project. */
export function tableIdOf(uri: string): string {
  return uri.split('.').slice(-2).join('.');
}

const TABLE = '/bigquery/v2/projects/:project/datasets/:dataset/tables/:table';
const MAX_RESULTS = 100_000;

/** BigQuery's API, but for uploads. */
export function tableRoutes(tables: Tables, loads: Loads, journal: Journal): Route[] {
  const find = ({ parameters: { dataset, table } }: Call) => tables.get(`${dataset}.${table}`);
  return [
    route('GET', TABLE, (call) => ({ status: 200, json: tableView(find(call)) })),
    route('GET', `${TABLE}/data`, async (call) => {
      const table = find(call);
      const fields = selected(table, call.query.get('selectedFields'));
      const page = await readPage(tables.contentPath(table), {
        fields,
        limit: Number(call.query.get('maxResults') ?? MAX_RESULTS),
        start: Number(call.query.get('pageToken') ?? 0),
      });
      const kind = 'bigquery#tableDataList';
      return { status: 200, json: { kind, totalRows: String(table.rows), ...page } };
    }),
    route('DELETE', TABLE, (call) => {
      const table = find(call);
      tables.delete(table);
      journal.append({ event: 'deleted', fileId: table.id });
      return { status: 204, json: undefined };
    }),
    route('GET', '/bigquery/v2/projects/:project/jobs/:job', ({ parameters: { job = '' } }) => ({
      status: 200,
      json: loads.view(loads.get(job)),
    })),
  ];
}

/** In the order of the table's own columns. @throws ApiError for a column that it lacks */
function selected({ fields }: TableRecord, list: string | null): readonly Field[] {
  if (list === null) return fields;
  const names = list.split(',');
  const unknown = names.find((name) => !fields.some((field) => field.name === name));
  if (unknown !== undefined) throw invalid(`Selected field ${unknown} is not in the table.`);
  return fields.filter(({ name }) => names.includes(name));
}

function tableView({ id, fields, rows, createdAt }: TableRecord) {
  const [datasetId, tableId] = id.split('.');
  return {
    kind: 'bigquery#table',
    tableReference: { projectId: 'local-project', datasetId, tableId },
    schema: { fields },
    numRows: String(rows),
    creationTime: String(createdAt),
  };
}

const NEWLINE = 0x0a;
const CHUNK_BYTES = 256 * 1024;

interface Page {
  readonly rows?: readonly object[];
  readonly pageToken?: string;
}

/** Some rows of a table's file, from the byte `start`; the page's token is where the next begins. */
async function readPage(
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
