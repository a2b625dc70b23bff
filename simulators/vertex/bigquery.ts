import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { omitUndefined } from '../../shared/omitUndefined.ts';
import { DocumentStore } from '../engine/documents.ts';
import type { Journal } from '../engine/journal.ts';
import { readLines } from '../engine/lines.ts';
import { type Call, isObject, parseJson, type Route, route } from '../engine/router.ts';
import { invalid, notFound } from './errors.ts';
import { type Field, readRows, type TableRecord, type Tables } from './tables.ts';

const TABLE = '/bigquery/v2/projects/:project/datasets/:dataset/tables/:table';
const MAX_ROWS = 100_000;

/** BigQuery's calls, except uploads. */
export function tableRoutes(tables: Tables, loads: Loads, journal: Journal): Route[] {
  const find = ({ parameters: { dataset, table } }: Call) => tables.get(`${dataset}.${table}`);
  return [
    route('GET', TABLE, (call) => ({ status: 200, json: tableObject(find(call)) })),
    route('GET', `${TABLE}/data`, async (call) => {
      const table = find(call);
      const page = await readRows(tables.contentPath(table), {
        fields: selectedFields(table, call.query.get('selectedFields')),
        limit: Number(call.query.get('maxResults') ?? MAX_ROWS),
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

/**
 * The selected columns, in the order of the table.
 *
 * @throws ApiError for a column that the table lacks
 */
function selectedFields({ fields }: TableRecord, list: string | null): readonly Field[] {
  if (list === null) return fields;
  const names = list.split(',');
  const unknown = names.find((name) => !fields.some((field) => field.name === name));
  if (unknown !== undefined) throw invalid(`Selected field ${unknown} is not in the table.`);
  return fields.filter(({ name }) => names.includes(name));
}

/** A table as the API shows it. */
function tableObject({ id, fields, rows, createdAt }: TableRecord) {
  const [datasetId, tableId] = id.split('.');
  return {
    kind: 'bigquery#table',
    tableReference: { projectId: 'local-project', datasetId, tableId },
    schema: { fields },
    numRows: String(rows),
    creationTime: String(createdAt),
  };
}

const loadSchema = z.object({
  configuration: z.object({
    load: z.object({
      destinationTable: z.object({ datasetId: z.string(), tableId: z.string() }),
      sourceFormat: z.literal('NEWLINE_DELIMITED_JSON'),
      schema: z.object({
        fields: z.array(z.object({ name: z.string(), type: z.enum(['STRING', 'JSON']) })),
      }),
      writeDisposition: z.enum(['WRITE_TRUNCATE', 'WRITE_EMPTY']).default('WRITE_EMPTY'),
    }),
  }),
});
export type LoadRequest = z.output<typeof loadSchema>['configuration']['load'];

/** @throws ApiError naming the first wrong field */
export function parseLoadRequest(body: unknown): LoadRequest {
  const parsed = loadSchema.safeParse(body);
  if (parsed.success) return parsed.data.configuration.load;
  const [issue] = parsed.error.issues;
  throw invalid(`Invalid value at '${issue?.path.join('.')}': ${issue?.message}`);
}

interface LoadRecord {
  readonly id: string;
  readonly sequence: number;
  readonly error?: { readonly reason: string; readonly message: string };
  /** Whether the load has been shown. The first time, it is shown as running. */
  readonly isSeen: boolean;
}

/** Load jobs, which put uploaded rows into tables. Each is done as soon as its upload is. */
export class Loads {
  readonly #records: DocumentStore<LoadRecord>;
  readonly #tables: Tables;
  readonly #journal: Journal;

  constructor(dataDir: string, tables: Tables, journal: Journal) {
    this.#records = new DocumentStore(join(dataDir, 'loads'));
    this.#tables = tables;
    this.#journal = journal;
  }

  /** Loads the file at `path` and takes it away. */
  async run(load: LoadRequest, path: string): Promise<LoadRecord> {
    const { datasetId, tableId } = load.destinationTable;
    const id = `${datasetId}.${tableId}`;
    const { fields } = load.schema;
    const { rows, bytes, error } = await checkRows(path, fields);
    const isTaken = load.writeDisposition === 'WRITE_EMPTY' && this.#tables.find(id) !== undefined;
    const failure = isTaken ? { reason: 'duplicate', message: `Already Exists: ${id}` } : error;
    if (failure) await rm(path);
    else {
      this.#tables.put(id, { fields, rows }, path);
      this.#journal.append({ event: 'uploaded', fileId: id, bytes });
    }
    const sequence = this.#records.nextSequence();
    const jobId = `job_${randomBytes(12).toString('hex')}`;
    const record = { id: jobId, sequence, isSeen: false, ...omitUndefined({ error: failure }) };
    this.#records.save(record);
    return record;
  }

  /** @throws ApiError 404 */
  get(id: string): LoadRecord {
    const record = this.#records.get(id);
    if (!record) throw notFound(`Not found: Job ${id}`);
    return record;
  }

  /** A load as the API shows it: as RUNNING the first time, since a real load takes a while. */
  view(record: LoadRecord): object {
    const { id: jobId, isSeen, error: errorResult } = record;
    this.#records.save({ ...record, isSeen: true });
    return {
      kind: 'bigquery#job',
      jobReference: { projectId: 'local-project', jobId, location: 'US' },
      status: isSeen ? { state: 'DONE', errorResult } : { state: 'RUNNING' },
    };
  }
}

async function checkRows(path: string, fields: readonly Field[]) {
  const names = new Set(fields.map(({ name }) => name));
  let rows = 0;
  let bytes = 0;
  for await (const line of readLines(path)) {
    rows += 1;
    bytes += line.bytes.length + 1;
    const row = parseJson(line.bytes.toString());
    if (!isObject(row) || !Object.keys(row).every((name) => names.has(name))) {
      const message = `Error while reading data, error message: JSON table encountered too many errors, giving up. Rows: ${line.number}`;
      return { rows, bytes, error: { reason: 'invalid', message } };
    }
  }
  return { rows, bytes, error: undefined };
}
