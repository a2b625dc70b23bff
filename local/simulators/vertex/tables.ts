import { copyFileSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DocumentStore } from '../documents.ts';
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
