import type { PastJob } from '../../batch/job.ts';
import { type JobInfo, pastJobInfo } from '../../client/batchInfo.ts';
import { ClientError } from '../../client/clientError.ts';
import { cursorOf, findBatch, findMerged, placeOf } from './batchFiles.ts';
import { LineReader } from './lineReader.ts';
import { MAX_SEARCH_BYTES, MAX_SEARCH_MS, ROWS_PER_LOOK, type RowPorts } from './rowsPage.ts';
import type { Place } from './rowWalk.ts';
import { type ShownRow, shownRow } from './shownRow.ts';

/** A job that is over, with the row of one request as it was after it. */
export interface Attempt {
  readonly job: JobInfo;
  readonly after: AttemptRow;
}

/** The row of a request as it was after one of the jobs. */
export type AttemptRow =
  | { readonly state: 'found'; readonly row: ShownRow }
  /** The rows after this job are there, and have none of the request. */
  | { readonly state: 'none' }
  /** They were deleted by their age. */
  | { readonly state: 'gone' }
  /** Its rows were not collected, or by a version that did not record where they are. */
  | { readonly state: 'unknown' }
  /** It was not found yet. `next` is where to search on. */
  | { readonly state: 'searching'; readonly next: string; readonly bytes: number };

/**
 * The row of a request after one of the jobs of its batch, in a bounded time.
 *
 * @param job its index among the past jobs
 * @throws ClientError `unknown_batch`, or `no_rows` if there is no such job
 */
export async function attemptOf(
  ports: RowPorts,
  batchId: string,
  asked: AskedRow & { readonly job: number },
): Promise<Attempt> {
  const batch = await findBatch(ports.connection, batchId);
  const job = batch.pastJobs[asked.job];
  if (!job) throw new ClientError('no_rows', `batch ${batchId} has no job number ${asked.job + 1}`);
  return { job: pastJobInfo(job), after: await rowAfter(ports, batchId, job, asked) };
}

interface AskedRow {
  /** Its `custom_id`. */
  readonly row: string;
  /** Where to search on. */
  readonly cursor?: string | undefined;
}

async function rowAfter(
  { connection, now }: RowPorts,
  batchId: string,
  { rowsToken: token }: PastJob,
  { row, cursor }: AskedRow,
): Promise<AttemptRow> {
  if (token === undefined) return { state: 'unknown' };
  const files = await findMerged(connection, batchId, token);
  if (!files.results && !files.errors) return { state: 'gone' };
  const from = cursor === undefined ? {} : (placeOf(cursor, { files, fingerprint: token }) ?? {});
  const until = now() + MAX_SEARCH_MS;
  let bytes = 0;
  // What ran again has not succeeded before: most often, the row is an error.
  for (const file of ['errors', 'results'] as const) {
    if (!files[file]) continue;
    const { start } = files[file];
    const reader = new LineReader(files[file], from[file]);
    try {
      for (let passed = 1; ; passed++) {
        if (!reader.head) await reader.load();
        const line = reader.head;
        if (line === undefined) break;
        if (line.customId === row)
          return { state: 'found', row: shownRow({ row: { file, line } }) };
        reader.take();
        const isEnough = bytes + reader.position - (from[file] ?? start) >= MAX_SEARCH_BYTES;
        if (!isEnough && (passed % ROWS_PER_LOOK > 0 || now() < until)) continue;
        const place: Place & { errors: number } = {
          errors: files.errors?.end ?? 0,
          [file]: reader.position,
        };
        return {
          state: 'searching',
          next: cursorOf(place, token),
          bytes: place.errors + (place.results ?? 0),
        };
      }
      bytes += files[file].end - (from[file] ?? start);
    } finally {
      await reader.close();
    }
  }
  // One of the files may have been deleted before the other.
  return { state: files.results && files.errors ? 'none' : 'gone' };
}
