import { setTimeout as delay } from 'node:timers/promises';
import * as z from 'zod';
import { ProviderError } from '../../batch/errors.ts';
import { HttpError } from '../google/errors.ts';
import type { Rest } from '../google/rest.ts';
import { tableOf } from './api.ts';
import { resumableUpload } from './resumableUpload.ts';
import type { Column, InputFile, Store } from './store.ts';

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

const jobSchema = z.object({
  jobReference: z.object({ jobId: z.string(), location: z.string().optional() }),
  status: z.object({
    state: z.string(),
    errorResult: z.object({ reason: z.string() }).optional(),
  }),
});
type LoadJob = z.infer<typeof jobSchema>;

/** A gigabyte takes about a minute. */
const DEADLINE_MS = 300_000;
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5_000;

/**
 * Loads a file of JSON lines into a table, which then holds nothing else: a load that is repeated
 * replaces what the one before it left, all or nothing.
 * https://docs.cloud.google.com/bigquery/docs/loading-data-cloud-storage-json
 */
export async function loadTable(
  rest: Rest,
  host: string,
  { project, dataset, table }: TableName,
  file: InputFile,
  columns: readonly Column[],
): Promise<void> {
  const jobs = `/bigquery/v2/projects/${project}/jobs`;
  const load = {
    destinationTable: { projectId: project, datasetId: dataset, tableId: table },
    sourceFormat: 'NEWLINE_DELIMITED_JSON',
    schema: { fields: columns },
    writeDisposition: 'WRITE_TRUNCATE',
  };
  const url = `${host}/upload${jobs}?uploadType=resumable`;
  const start = { method: 'POST', url, json: { configuration: { load } } } as const;
  let job = jobSchema.parse(await resumableUpload(rest, start, file));
  const { jobId, location } = job.jobReference;
  const query = location === undefined ? '' : `?${new URLSearchParams({ location })}`;
  const giveUpAt = Date.now() + DEADLINE_MS;
  for (let pause = FIRST_PAUSE_MS; job.status.state !== 'DONE'; pause *= 2) {
    if (Date.now() > giveUpAt) throw new Error(`the load has not ended after ${DEADLINE_MS} ms`);
    await delay(Math.min(pause, LONGEST_PAUSE_MS));
    job = jobSchema.parse(
      await rest.read({ method: 'GET', url: `${host}${jobs}/${jobId}${query}` }),
    );
  }
  refuseFailed(job);
}

/** https://docs.cloud.google.com/bigquery/docs/error-messages: what is not here may pass. */
const STATUSES: Readonly<Record<string, number>> = {
  accessDenied: 403,
  billingNotEnabled: 403,
  invalid: 400,
  invalidQuery: 400,
  notFound: 404,
  quotaExceeded: 403,
  rateLimitExceeded: 403,
  resourcesExceeded: 400,
};

function refuseFailed({ status: { errorResult } }: LoadJob): void {
  if (!errorResult) return;
  const { reason } = errorResult;
  // Its message is left out: it may quote the input.
  const message = `the load of the input table failed: ${reason}`;
  throw new HttpError(STATUSES[reason] ?? 500, [reason], message);
}

export interface Datasets {
  readonly project: string;
  readonly inputDataset: string;
  readonly outputDataset: string;
}

/** Two datasets of BigQuery, with a table in each for a submission. */
export function bigQueryStore(
  rest: Rest,
  host: string,
  tables: Tables,
  { project, inputDataset, outputDataset }: Datasets,
): Store {
  const input = (key: string): TableName => ({
    project,
    dataset: inputDataset,
    table: tableOf(key),
  });
  const output = (key: string): TableName => ({ ...input(key), dataset: outputDataset });

  return {
    type: 'bigquery',

    upload: (key, file, columns) => loadTable(rest, host, input(key), file, columns),

    // Vertex AI refuses such a table as well; here nothing is created before that.
    async checkOutput(key) {
      if ((await tables.get(output(key))) === undefined) return;
      throw new ProviderError('permanent', {
        code: 'output_table_exists',
        message: `Vertex AI, upload: the table ${uriOf(output(key))} exists already, and is left as it is`,
      });
    },

    configOf: (key) => ({
      inputConfig: {
        instancesFormat: 'bigquery',
        bigquerySource: { inputUri: uriOf(input(key)) },
      },
      outputConfig: {
        predictionsFormat: 'bigquery',
        bigqueryDestination: { outputUri: uriOf(output(key)) },
      },
    }),

    async deleteInput(key, since) {
      const table = await tables.get(input(key));
      if (table !== undefined && table.creationTime >= since) await tables.delete(input(key));
    },
  };
}

function uriOf({ project, dataset, table }: TableName): string {
  return `bq://${project}.${dataset}.${table}`;
}

/** A table as `bq://project.dataset.table` names it. */
export interface TableName {
  readonly project: string;
  readonly dataset: string;
  readonly table: string;
}

const tableSchema = z.object({
  kind: z.literal('bigquery#table'),
  /** Milliseconds since 1970. */
  creationTime: z.coerce.number(),
  schema: z.object({ fields: z.array(z.object({ name: z.string() })).default([]) }).optional(),
});
type Table = z.infer<typeof tableSchema>;

const pageSchema = z.object({
  kind: z.literal('bigquery#tableDataList'),
  totalRows: z.coerce.number(),
  pageToken: z.string().optional(),
  rows: z.array(z.object({ f: z.array(z.object({ v: z.unknown() })) })).default([]),
});

const NOT_FOUND = 404;
/** BigQuery ends a page earlier that has over 10 MB. */
const PAGE_ROWS = 1_000;

/** https://docs.cloud.google.com/bigquery/docs/reference/rest/v2/tables */
export interface Tables {
  /** Undefined for one that is not there. */
  get(name: TableName): Promise<Table | undefined>;
  /** One that is not there needs no deleting. */
  delete(name: TableName): Promise<void>;
  /** The rows, a page at a time: the values of these columns, in the order of the table's own. */
  rows(name: TableName, columns: readonly string[]): AsyncGenerator<unknown[][]>;
}

export function connectTables(rest: Rest, host: string): Tables {
  const urlOf = ({ project, dataset, table }: TableName) =>
    `${host}/bigquery/v2/projects/${project}/datasets/${dataset}/tables/${table}`;

  return {
    async get(name) {
      const response = await rest.open({
        method: 'GET',
        url: urlOf(name),
        expected: [NOT_FOUND],
      });
      return response.status === NOT_FOUND ? undefined : tableSchema.parse(await response.json());
    },

    async delete(name) {
      await rest.done({ method: 'DELETE', url: urlOf(name), expected: [NOT_FOUND] });
    },

    async *rows(name, columns) {
      let pageToken: string | undefined;
      let seen = 0;
      do {
        const query = new URLSearchParams({
          maxResults: String(PAGE_ROWS),
          selectedFields: columns.join(','),
          ...(pageToken ? { pageToken } : {}),
        });
        const url = `${urlOf(name)}/data?${query}`;
        const page = pageSchema.parse(await rest.read({ method: 'GET', url }));
        seen += page.rows.length;
        yield page.rows.map(({ f }) => f.map(({ v }) => v));
        pageToken = page.pageToken;
        if (!pageToken && seen < page.totalRows)
          throw new Error(`the table ended after ${seen} of ${page.totalRows} rows`);
      } while (pageToken);
    },
  };
}
