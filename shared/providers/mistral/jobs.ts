import * as z from 'zod';
import { answeredOf, type JobState, type Outcome } from '../../batch/job.ts';
import { omitUndefined } from '../../omitUndefined.ts';
import { unusableAnswer } from '../errors.ts';
import { PAGE_SIZE, readOptions, SECOND_MS } from '../http.ts';
import { isNewestFirst, ListEntries, listPages } from '../listing.ts';
import { ifNumber, ifText, unixSeconds } from '../openai/api.ts';
import type { ServiceWords } from '../openai/errors.ts';
import {
  cancelJob,
  checkJob,
  deleteFound,
  keyOfInput,
  type Service,
  uploadsOf,
} from '../openai/service.ts';
import {
  existing,
  isEndIn,
  reasonOf,
  refusalOf,
  type StateWords,
  stateBy,
} from '../openai/status.ts';
import { KEY_METADATA } from '../openai/submit.ts';
import type { ListedJob, ListedState, ListingPosition } from '../provider.ts';

/**
 * Mistral's own words. Its documentation has none of them, so they are loose:
 * https://docs.mistral.ai/capabilities/batch knows a limit of pending requests and a spend limit.
 */
export const WORDS: ServiceWords = {
  name: 'Mistral',
  account: /unauthorized|payment|billing|subscription|spend(ing)? limit|monthly limit|credits/i,
  quota: /pending (batch )?requests|too many (batch(es)?|jobs)|capacity exceeded/i,
  input: /invalid|malformed|validation|not (a )?valid|unsupported|does not exist|not found/i,
};

/** Where jobs are. */
export const JOBS = '/batch/jobs';

const errorSchema = z.object({ message: z.string() });

/**
 * A job: `BatchJob` in @mistralai/mistralai. Only the id, the status and the files of the output are
 * read strictly.
 */
const wireJobSchema = z.object({
  id: z.string().min(1),
  status: z.string(),
  created_at: unixSeconds.optional().catch(undefined),
  input_files: z.array(z.string()).nullish().catch(undefined),
  output_file: z.string().nullish(),
  error_file: z.string().nullish(),
  errors: z
    .array(errorSchema.catch({ message: '' }))
    .nullish()
    .catch(undefined),
  succeeded_requests: ifNumber,
  failed_requests: ifNumber,
  metadata: z.record(z.string(), z.unknown()).nullish().catch(undefined),
});
type WireJob = z.infer<typeof wireJobSchema>;

const listedJobSchema = wireJobSchema
  .pick({ id: true, created_at: true, input_files: true, metadata: true })
  .extend({ status: ifText });
type ListedBatchJob = z.infer<typeof listedJobSchema>;

/** `BatchJobStatus` there. */
const STATES: StateWords = new Map([
  ['QUEUED', 'pending'],
  ['RUNNING', 'running'],
  ['CANCELLATION_REQUESTED', 'running'],
  ['SUCCESS', 'completed'],
  ['FAILED', 'failed'],
  ['TIMEOUT_EXCEEDED', 'expired'],
  ['CANCELLED', 'cancelled'],
]);

/** The state of a job, by Mistral's answer. */
export function jobStateOf(answer: unknown): JobState {
  return stateOf(wireJobSchema.parse(answer));
}

function stateOf(job: WireJob): JobState {
  return stateBy(STATES.get(job.status), {
    status: job.status,
    completed: job.succeeded_requests,
    failed: job.failed_requests,
    outcome: (kind) => outcomeOf(job, kind),
  });
}

/** Requests that fail have their rows, and the job may list their errors, too. */
function outcomeOf(job: WireJob, kind: Outcome['kind']): Outcome {
  const message = job.errors?.find((each) => each.message !== '')?.message;
  const error = kind === 'failed' ? { message } : undefined;
  return omitUndefined({
    kind,
    jobId: job.id,
    files: existing([job.output_file, job.error_file]),
    answered: answeredOf(job.succeeded_requests),
    reason: error && reasonOf(error, WORDS),
    refusal: error && refusalOf(error, WORDS),
  });
}

export function check(service: Service, jobId: string): Promise<JobState> {
  return checkJob(service, async () =>
    jobStateOf(await service.reads.get(`${JOBS}/${jobId}`, readOptions())),
  );
}

export function cancel(service: Service, jobId: string): Promise<void> {
  return cancelJob(service, () => service.reads.post(`${JOBS}/${jobId}/cancel`, readOptions()));
}

const READ = 'Mistral, read';

/** A page of jobs or files, each of which is read by itself. The number of all is always there. */
const pageSchema = z.object({
  data: z.array(z.unknown()).default([]),
  total: z.number().int().nonnegative(),
});

/** A page by its number, counted from 0. */
interface Page extends z.infer<typeof pageSchema> {
  readonly number: number;
}

/**
 * Jobs newest first, so that a job that is created in the meantime moves others back and hides none.
 * One that is deleted moves others forward, past the reader: the number of all jobs shows it.
 */
function jobPages({ reads, classify }: Service, position?: ListingPosition): AsyncGenerator<Page> {
  const read = async (cursor = '0/0'): Promise<Page> => {
    // Of a listing that is continued later, too, the cursor has the number of all jobs.
    const [number = 0, total = 0] = cursor.split('/').map(Number);
    const query = { page: number, page_size: PAGE_SIZE, order_by: '-created' };
    try {
      const page = pageSchema.parse(await reads.get(JOBS, { query, ...readOptions() }));
      if (page.total < total) throw unusableAnswer(READ, 'the list of jobs shrank as it was read');
      return { ...page, number };
    } catch (error) {
      throw classify(error, 'list');
    }
  };
  return listPages(READ, read, nextPage, position);
}

/** @throws ProviderError if jobs are missing in the page */
function nextPage({ data, total, number }: Page): string | undefined {
  if (number * PAGE_SIZE + data.length >= total) return undefined;
  if (data.length >= PAGE_SIZE) return `${number + 1}/${total}`;
  throw unusableAnswer(READ, `page ${number} of the list has ${data.length} of ${total} jobs`);
}

/** Pages back until a page has reached past `since`, or there are no more pages. */
export async function* listJobs(
  service: Service,
  since: number,
  position?: ListingPosition,
): AsyncGenerator<ListedJob> {
  const entries = new ListEntries(READ, position);
  for await (const { data } of jobPages(service, position)) {
    const page = entries.read(data, listedJobSchema);
    for (const job of page) {
      // A job of unknown age may be the one that was just created.
      const { id, created_at: seconds = since / SECOND_MS } = job;
      if (isBefore(seconds, since)) continue;
      yield { id, key: await keyOf(service, job, entries), createdAt: seconds * SECOND_MS };
    }
    const times = page.map(({ created_at: seconds }) => seconds);
    const oldest = times.at(-1);
    if (oldest !== undefined && isBefore(oldest, since) && isNewestFirst(times)) break;
  }
  entries.assertComplete();
}

function isBefore(seconds: number, since: number): boolean {
  return (seconds + 1) * SECOND_MS <= since;
}

async function keyOf(
  service: Service,
  { metadata, input_files: files, status }: ListedBatchJob,
  entries: ListEntries,
): Promise<string | undefined> {
  const key = metadata?.[KEY_METADATA];
  if (typeof key === 'string') return key;
  if (Object.keys(metadata ?? {}).length > 0) return undefined;
  const input = { fileId: files?.[0], hasEnded: isEndIn(STATES, status) };
  return keyOfInput(service, input, entries);
}

/** A listing contains whole jobs, so one call shows the states of a page of them. */
export async function* listStates(service: Service): AsyncGenerator<ListedState> {
  const entries = new ListEntries(READ);
  for await (const { data } of jobPages(service))
    for (const job of entries.read(data, wireJobSchema))
      yield { jobId: job.id, state: stateOf(job) };
}

export function deleteFiles(service: Service, jobId: string): Promise<void> {
  return deleteFound(service, async (signal) => {
    const answer = await service.reads.get(`${JOBS}/${jobId}`, { signal });
    const {
      input_files: inputs,
      output_file: output,
      error_file: errors,
    } = wireJobSchema.parse(answer);
    return existing([...(inputs ?? []), output, errors]);
  });
}

/** Older uploads are left: an account with so many is a busy one. */
const MAX_FILE_PAGES = 100;

const filePageSchema = z.object({ data: z.array(z.unknown()) });

export function deleteLeftovers(
  service: Service,
  keys: ReadonlySet<string>,
  since: number,
): Promise<void> {
  const leftIn = uploadsOf(keys, since);
  return deleteFound(service, async (signal) => {
    const found: string[] = [];
    for (let page = 0; page < MAX_FILE_PAGES; page++) {
      const query = { page, page_size: PAGE_SIZE, purpose: 'batch' };
      const { data } = filePageSchema.parse(await service.reads.get('/files', { query, signal }));
      found.push(...leftIn(data));
      if (data.length < PAGE_SIZE) break;
    }
    return found;
  });
}
