import * as z from 'zod';
import type { JobState, Outcome } from '../../batch/job.ts';
import { omitUndefined } from '../../omitUndefined.ts';
import { readOptions, SECOND_MS } from '../http.ts';
import { ListEntries } from '../listing.ts';
import { ifText, listedFileSchema, unixSeconds } from '../openai/api.ts';
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
import { keyOfUpload } from '../openai/submit.ts';
import type { ListedJob, ListedState, ListingPosition } from '../provider.ts';

/**
 * Together's own words. "Credit limit exceeded. Please navigate to …/settings/billing to add credit or
 * upgrade your plan", and "needs a credit card on file": https://github.com/expectedparrot/edsl/issues/2098,
 * https://github.com/Nutlope/logocreator/issues/10. A plain rate limit names the page of the bills and
 * the type `credit_limit`, too: https://github.com/togethercomputer/MoA/issues/27
 */
export const WORDS: ServiceWords = {
  name: 'Together',
  account:
    /credit limit exceeded|credit card on file|positive balance|invalid api key|unauthorized/i,
  quota: /enqueued|too many (batch(es)?|jobs)|batch .*limit/i,
  input:
    /invalid|malformed|validation|not (a )?valid|unsupported|does not exist|not found|missing/i,
};

export const BATCHES = '/batches';

/** Seconds since 1970; Together gives RFC 3339. */
const time = unixSeconds.nullish().catch(undefined);

/**
 * A job: `BatchJob` in `resources/batches.ts` of together-ai. Only the id, the status and the files of
 * the output are read strictly.
 */
const wireJobSchema = z.object({
  id: z.string().min(1),
  status: z.string(),
  created_at: time,
  input_file_id: ifText,
  output_file_id: z.string().nullish(),
  error_file_id: z.string().nullish(),
  error: ifText,
});
type WireJob = z.infer<typeof wireJobSchema>;

const listedJobSchema = wireJobSchema
  .pick({ id: true, created_at: true, input_file_id: true })
  .extend({ status: ifText });

/** https://docs.together.ai/docs/inference/batch/manage */
const STATES: StateWords = new Map([
  ['VALIDATING', 'pending'],
  ['IN_PROGRESS', 'running'],
  ['COMPLETED', 'completed'],
  ['FAILED', 'failed'],
  ['EXPIRED', 'expired'],
  ['CANCELLED', 'cancelled'],
]);

/** The state of a job, by Together's answer. */
export function jobStateOf(answer: unknown): JobState {
  return stateOf(wireJobSchema.parse(answer));
}

function stateOf(job: WireJob): JobState {
  return stateBy(STATES.get(job.status), {
    status: job.status,
    outcome: (kind) => outcomeOf(job, kind),
  });
}

function outcomeOf(job: WireJob, kind: Outcome['kind']): Outcome {
  const error = kind === 'failed' ? { message: job.error || undefined } : undefined;
  return omitUndefined({
    kind,
    jobId: job.id,
    files: existing([job.output_file_id, job.error_file_id]),
    reason: error && reasonOf(error, WORDS),
    refusal: error && refusalOf(error, WORDS),
  });
}

export function check(service: Service, jobId: string): Promise<JobState> {
  return checkJob(service, async () =>
    jobStateOf(await service.reads.get(`${BATCHES}/${jobId}`, readOptions())),
  );
}

export function cancel(service: Service, jobId: string): Promise<void> {
  return cancelJob(service, () => service.reads.post(`${BATCHES}/${jobId}/cancel`, readOptions()));
}

const READ = 'Together, read';

/** All jobs in one answer: `BatchListResponse` there is a list, and has no pages. */
async function readJobs({ reads, classify }: Service): Promise<readonly unknown[]> {
  try {
    return z.array(z.unknown()).parse(await reads.get(BATCHES, readOptions()));
  } catch (error) {
    throw classify(error, 'list');
  }
}

/** A job has neither a name nor metadata: it is found by the name of its input. */
export async function* listJobs(
  service: Service,
  since: number,
  position?: ListingPosition,
): AsyncGenerator<ListedJob> {
  const entries = new ListEntries(READ, position);
  const jobs = entries.read(await readJobs(service), listedJobSchema).filter((job) => {
    return job.created_at == null || (job.created_at + 1) * SECOND_MS > since;
  });
  // One call for all names, and one for each file that is not in the list of files.
  const names = jobs.length > 1 ? await namesOfFiles(service) : new Map<string, string>();
  for (const { id, created_at: seconds, input_file_id: fileId, status } of jobs) {
    const name = names.get(fileId ?? '');
    const input = { fileId, hasEnded: isEndIn(STATES, status) };
    const key = name === undefined ? await keyOfInput(service, input, entries) : keyOfUpload(name);
    // A job of unknown age may be the one that was just created.
    yield { id, key, createdAt: seconds == null ? since : seconds * SECOND_MS };
  }
  entries.assertComplete();
}

/** The list contains whole jobs, so one call shows the states of all. */
export async function* listStates(service: Service): AsyncGenerator<ListedState> {
  const entries = new ListEntries(READ);
  for (const job of entries.read(await readJobs(service), wireJobSchema))
    yield { jobId: job.id, state: stateOf(job) };
}

/** `FileList` in `resources/files.ts` of together-ai. */
const fileListSchema = z.object({ data: z.array(z.unknown()) });

async function namesOfFiles({ reads, classify }: Service): Promise<ReadonlyMap<string, string>> {
  try {
    const { data } = fileListSchema.parse(await reads.get('/files', readOptions()));
    const files = data.flatMap((file) => listedFileSchema.safeParse(file).data ?? []);
    return new Map(files.map(({ id, filename }) => [id, filename]));
  } catch (error) {
    throw classify(error, 'list');
  }
}

export function deleteFiles(service: Service, jobId: string): Promise<void> {
  return deleteFound(service, async (signal) => {
    const answer = await service.reads.get(`${BATCHES}/${jobId}`, { signal });
    const job = wireJobSchema.parse(answer);
    return existing([job.input_file_id, job.output_file_id, job.error_file_id]);
  });
}

export function deleteLeftovers(
  service: Service,
  keys: ReadonlySet<string>,
  since: number,
): Promise<void> {
  const leftIn = uploadsOf(keys, since);
  return deleteFound(service, async (signal) => {
    const { data } = fileListSchema.parse(await service.reads.get('/files', { signal }));
    return leftIn(data);
  });
}
