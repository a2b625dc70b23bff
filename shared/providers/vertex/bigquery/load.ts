import { setTimeout as delay } from 'node:timers/promises';
import * as z from 'zod';
import { HttpError } from '../../google/httpError.ts';
import type { Rest } from '../../google/rest.ts';
import { resumableUpload } from '../resumableUpload.ts';
import type { Column, InputFile } from '../store.ts';
import type { TableName } from './tables.ts';

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
