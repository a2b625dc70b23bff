import { setTimeout as delay } from 'node:timers/promises';
import * as z from 'zod';
import { ProviderError } from '../../batch/errors.ts';
import { tryParseJson } from '../../jsonl/rows.ts';
import { HttpError, NOT_FOUND } from '../google/errors.ts';
import type { Rest, UploadFile } from '../google/rest.ts';
import { tableOf } from './api.ts';
import { type Column, resumableUpload, type Store } from './store.ts';

/** The columns of an output table that are read. It also repeats the request. */
const OUTPUT_COLUMNS = ['custom_id', 'response', 'status', 'error'];
/** Columns with JSON as a text, whatever their type. */
const JSON_COLUMNS: ReadonlySet<string> = new Set(['response', 'error']);

/** The URI of the output table, if the job has written it. */
export async function bigQueryFiles(tables: Tables, outputUri: string): Promise<string[]> {
  return (await tables.get(tableNameOf(outputUri))) === undefined ? [] : [outputUri];
}

/** The rows of a table, a page at a time. */
export async function* bigQueryRows(tables: Tables, uri: string): AsyncGenerator<object[]> {
  const name = tableNameOf(uri);
  const table = await tables.get(name);
  if (table === undefined) throw new HttpError(NOT_FOUND, ['notFound'], `${uri} does not exist`);
  const fields = (table.schema?.fields ?? []).map((field) => field.name);
  const columns = fields.filter((field) => OUTPUT_COLUMNS.includes(field));
  for await (const page of tables.rows(name, columns))
    yield page.map((values) => Object.fromEntries(columns.map(cellOf(values))));
}

/** Deletes the table of a submission in the dataset of this URI. */
export async function deleteBigQueryTable(tables: Tables, uri: string, key: string): Promise<void> {
  await tables.delete({ ...tableNameOf(uri), table: tableOf(key) });
}

/** A project's name may contain dots and colons; the other two names contain none. */
function tableNameOf(uri: string): TableName {
  const [, project, dataset, table] = /^bq:\/\/(.+)\.([^.]+)\.([^.]+)$/.exec(uri) ?? [];
  if (project === undefined || dataset === undefined || table === undefined)
    throw new Error(`${uri} is no bq:// URI of a table`);
  return { project, dataset, table };
}

function cellOf(values: readonly unknown[]) {
  return (column: string, index: number): [string, unknown] => {
    const value = values[index];
    return [column, JSON_COLUMNS.has(column) ? parsedCell(value) : value];
  };
}

function parsedCell(value: unknown): unknown {
  return typeof value === 'string' ? (tryParseJson(value) ?? value) : value;
}

const loadJobSchema = z.object({
  jobReference: z.object({ jobId: z.string(), location: z.string().optional() }),
  status: z.object({
    state: z.string(),
    errorResult: z.object({ reason: z.string() }).optional(),
  }),
});
type LoadJob = z.infer<typeof loadJobSchema>;

/** Loading a gigabyte takes about a minute. */
const LOAD_DEADLINE_MS = 300_000;
const FIRST_POLL_MS = 200;
const LONGEST_POLL_MS = 5_000;

/**
 * Replaces the content of a table by a file of JSON lines, all or nothing. May be repeated.
 * https://docs.cloud.google.com/bigquery/docs/loading-data-cloud-storage-json
 */
async function loadTable(
  rest: Rest,
  host: string,
  { project, dataset, table }: TableName,
  file: UploadFile,
  columns: readonly Column[],
): Promise<void> {
  const jobs = `/bigquery/v2/projects/${project}/jobs`;
  const load = {
    destinationTable: { projectId: project, datasetId: dataset, tableId: table },
    sourceFormat: 'NEWLINE_DELIMITED_JSON',
    schema: { fields: columns },
    writeDisposition: 'WRITE_TRUNCATE',
  };
  const start = {
    method: 'POST',
    url: `${host}/upload${jobs}?uploadType=resumable`,
    json: { configuration: { load } },
  } as const;
  let job = loadJobSchema.parse(await resumableUpload(rest, start, file));
  const { jobId, location } = job.jobReference;
  const query = location === undefined ? '' : `?${new URLSearchParams({ location })}`;
  const url = `${host}${jobs}/${jobId}${query}`;
  const giveUpAt = Date.now() + LOAD_DEADLINE_MS;
  for (let wait = FIRST_POLL_MS; job.status.state !== 'DONE'; wait *= 2) {
    if (Date.now() > giveUpAt)
      throw new Error(`the load has not ended after ${LOAD_DEADLINE_MS} ms`);
    await delay(Math.min(wait, LONGEST_POLL_MS));
    job = loadJobSchema.parse(await rest.read({ method: 'GET', url }));
  }
  refuseFailed(job);
}

/**
 * HTTP statuses of errors that are permanent until somebody acts:
 * https://docs.cloud.google.com/bigquery/docs/error-messages. Others may pass.
 */
const LOAD_ERROR_STATUSES: ReadonlyMap<string, number> = new Map(
  Object.entries({
    accessDenied: 403,
    billingNotEnabled: 403,
    invalid: 400,
    invalidQuery: 400,
    notFound: 404,
    quotaExceeded: 403,
    rateLimitExceeded: 403,
    resourcesExceeded: 400,
  }),
);

function refuseFailed({ status: { errorResult } }: LoadJob): void {
  if (!errorResult) return;
  const { reason } = errorResult;
  // Without its message, which may quote the input.
  const message = `the load of the input table failed: ${reason}`;
  throw new HttpError(LOAD_ERROR_STATUSES.get(reason) ?? 500, [reason], message);
}

interface Datasets {
  readonly project: string;
  readonly inputDataset: string;
  readonly outputDataset: string;
}

/** Jobs on two datasets of BigQuery. Each submission has a table in both. */
export function bigQueryStore(
  rest: Rest,
  host: string,
  tables: Tables,
  { project, inputDataset, outputDataset }: Datasets,
): Store {
  const input = (key: string) => ({ project, dataset: inputDataset, table: tableOf(key) });
  const output = (key: string) => ({ ...input(key), dataset: outputDataset });

  return {
    type: 'bigquery',

    upload: (key, file, columns) => loadTable(rest, host, input(key), file, columns),

    // Vertex AI would refuse it as well, but only when the job has been created.
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

/** The parts of `bq://project.dataset.table`. */
interface TableName {
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
type BigQueryTable = z.infer<typeof tableSchema>;

const tablePageSchema = z.object({
  kind: z.literal('bigquery#tableDataList'),
  totalRows: z.coerce.number(),
  pageToken: z.string().optional(),
  rows: z
    .array(z.object({ f: z.array(z.object({ v: z.unknown() })) }).catch({ f: [] }))
    .default([]),
});

/** BigQuery also ends a page at 10 MB. */
const PAGE_ROWS = 1_000;

/** https://docs.cloud.google.com/bigquery/docs/reference/rest/v2/tables */
export interface Tables {
  /** Undefined for a table that does not exist. */
  get(name: TableName): Promise<BigQueryTable | undefined>;
  /** A table that does not exist counts as deleted. */
  delete(name: TableName): Promise<void>;
  /** The values of these columns, in the order of the table's columns, a page of rows at a time. */
  rows(name: TableName, columns: readonly string[]): AsyncGenerator<unknown[][]>;
}

export function connectTables(rest: Rest, host: string): Tables {
  const urlOf = ({ project, dataset, table }: TableName) =>
    `${host}/bigquery/v2/projects/${project}/datasets/${dataset}/tables/${table}`;

  return {
    async get(name) {
      const response = await rest.open({ method: 'GET', url: urlOf(name), expected: [NOT_FOUND] });
      return response.status === NOT_FOUND ? undefined : tableSchema.parse(await response.json());
    },

    async delete(name) {
      await rest.done({ method: 'DELETE', url: urlOf(name), expected: [NOT_FOUND] });
    },

    async *rows(name, columns) {
      let pageToken: string | undefined;
      let seen = 0;
      do {
        const fields = { maxResults: String(PAGE_ROWS), selectedFields: columns.join(',') };
        const query = new URLSearchParams(fields);
        if (pageToken) query.set('pageToken', pageToken);
        const url = `${urlOf(name)}/data?${query}`;
        const page = tablePageSchema.parse(await rest.read({ method: 'GET', url }));
        seen += page.rows.length;
        yield page.rows.map(({ f }) => f.map(({ v }) => v));
        pageToken = page.pageToken;
        if (!pageToken && seen < page.totalRows)
          throw new Error(`the table ended after ${seen} of ${page.totalRows} rows`);
      } while (pageToken);
    },
  };
}
