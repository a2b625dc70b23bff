import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { DocumentStore } from '../engine/documents.ts';
import type { Journal } from '../engine/journal.ts';
import { readLines } from '../engine/lines.ts';
import { isObject } from '../engine/server.ts';
import type { Field, Tables } from './bigquery.ts';
import { invalid, notFound } from './errors.ts';

const requestSchema = z.object({
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
export type LoadRequest = z.output<typeof requestSchema>['configuration']['load'];

/** @throws ApiError naming the first wrong member */
export function parseLoadRequest(body: unknown): LoadRequest {
  const parsed = requestSchema.safeParse(body);
  if (parsed.success) return parsed.data.configuration.load;
  const [issue] = parsed.error.issues;
  throw invalid(`Invalid value at '${issue?.path.join('.')}': ${issue?.message}`);
}

interface LoadRecord {
  readonly id: string;
  readonly sequence: number;
  readonly error?: { readonly reason: string; readonly message: string };
  /** It was seen once: until then it is told as running. */
  readonly isSeen: boolean;
}

/** The load jobs, each done as soon as its upload is. */
export class Loads {
  readonly #records: DocumentStore<LoadRecord>;
  readonly #tables: Tables;
  readonly #journal: Journal;

  constructor(dataDir: string, tables: Tables, journal: Journal) {
    this.#records = new DocumentStore(join(dataDir, 'loads'));
    this.#tables = tables;
    this.#journal = journal;
  }

  /** Takes over the file at this path. */
  async run(load: LoadRequest, path: string): Promise<LoadRecord> {
    const { datasetId, tableId } = load.destinationTable;
    const id = `${datasetId}.${tableId}`;
    const { fields } = load.schema;
    const { rows, bytes, error } = await inspect(path, fields);
    const isTaken = load.writeDisposition === 'WRITE_EMPTY' && this.#tables.find(id) !== undefined;
    const failure = isTaken ? { reason: 'duplicate', message: `Already Exists: ${id}` } : error;
    if (failure) await rm(path);
    else {
      this.#tables.put(id, { fields, rows }, path);
      this.#journal.append({ event: 'uploaded', fileId: id, bytes });
    }
    const sequence = this.#records.nextSequence();
    const jobId = `job_${randomBytes(12).toString('hex')}`;
    const record = { id: jobId, sequence, isSeen: false, ...(failure ? { error: failure } : {}) };
    this.#records.save(record);
    return record;
  }

  /** @throws ApiError 404 */
  get(id: string): LoadRecord {
    const record = this.#records.get(id);
    if (!record) throw notFound(`Not found: Job ${id}`);
    return record;
  }

  /** As the API shows it: RUNNING the first time, as a real load takes a while. */
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

async function inspect(path: string, fields: readonly Field[]) {
  const names = new Set(fields.map(({ name }) => name));
  let rows = 0;
  let bytes = 0;
  for await (const line of readLines(path)) {
    rows += 1;
    bytes += line.bytes.length + 1;
    if (!isRow(line.bytes, names)) {
      const message = `Error while reading data, error message: JSON table encountered too many errors, giving up. Rows: ${line.number}`;
      return { rows, bytes, error: { reason: 'invalid', message } };
    }
  }
  return { rows, bytes };
}

function isRow(bytes: Buffer, names: ReadonlySet<string>): boolean {
  try {
    const row: unknown = JSON.parse(bytes.toString());
    return isObject(row) && Object.keys(row).every((name) => names.has(name));
  } catch {
    return false;
  }
}
