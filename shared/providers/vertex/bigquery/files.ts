import { HttpError } from '../../google/httpError.ts';
import { tableOf } from '../names.ts';
import type { TableName, Tables } from './tables.ts';

/** Columns of an output table that are read. The request, which it repeats, is not. */
const COLUMNS = ['custom_id', 'response', 'status', 'error'];
/** These hold JSON as a text, whatever the type of their column. */
const JSON_COLUMNS: ReadonlySet<string> = new Set(['response', 'error']);

/** The table that a job was to write, if it did. */
export async function bigQueryFiles(tables: Tables, outputUri: string): Promise<string[]> {
  return (await tables.get(nameOf(outputUri))) === undefined ? [] : [outputUri];
}

/** The rows of a table, a page at a time. */
export async function* bigQueryRows(tables: Tables, uri: string): AsyncGenerator<object[]> {
  const name = nameOf(uri);
  const table = await tables.get(name);
  if (table === undefined) throw new HttpError(404, ['notFound'], `${uri} is not there`);
  const fields = (table.schema?.fields ?? []).map((field) => field.name);
  const columns = fields.filter((field) => COLUMNS.includes(field));
  for await (const page of tables.rows(name, columns))
    yield page.map((values) => Object.fromEntries(columns.map(cellOf(values))));
}

/** Deletes the table of a submission in the dataset of this URI. */
export async function deleteBigQueryTable(tables: Tables, uri: string, key: string): Promise<void> {
  await tables.delete({ ...nameOf(uri), table: tableOf(key) });
}

/** A project's name may have dots and colons; the other two have none. */
function nameOf(uri: string): TableName {
  const [, project, dataset, table] = /^bq:\/\/(.+)\.([^.]+)\.([^.]+)$/.exec(uri) ?? [];
  if (project === undefined || dataset === undefined || table === undefined)
    throw new Error(`${uri} is no bq:// URI of a table`);
  return { project, dataset, table };
}

function cellOf(values: readonly unknown[]) {
  return (column: string, index: number): [string, unknown] => {
    const value = values[index];
    return [column, JSON_COLUMNS.has(column) ? parsed(value) : value];
  };
}

function parsed(value: unknown): unknown {
  if (typeof value !== 'string' || value === '') return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}
