import { type Reason, shortReason } from '../../batch/errors.ts';
import { isSubmissionKey } from '../../batch/ids.ts';
import { answeredOf, type JobState, type Outcome } from '../../batch/job.ts';
import { omitUndefined } from '../../omitUndefined.ts';
import { ignoring, undefinedIfMissing } from '../errors.ts';
import { NOT_FOUND } from '../google/errors.ts';
import type { Rest, RestCall } from '../google/rest.ts';
import { jobRefusalOf, rpcNameOf } from '../google/status.ts';
import { PAGE_SIZE } from '../http.ts';
import { ListEntries, listPages } from '../listing.ts';
import type { ListedJob, ListingPosition } from '../provider.ts';
import {
  createdSchema,
  jobPageSchema,
  KEY_LABEL,
  keyOfLabels,
  listedJobSchema,
  type WireJob,
  wireJobSchema,
} from './api.ts';
import type { VertexSettings } from './description.ts';
import { classify, isAboutSetup } from './errors.ts';
import type { Outputs, Store } from './store.ts';

export type JobPage = ReturnType<typeof jobPageSchema.parse>;

/** The batch prediction jobs of a project and location. Errors are not classified. */
export interface Jobs {
  /** Sends the call once. Returns the job's name. */
  create(job: object, deadlineMs: number): Promise<string>;
  get(name: string): Promise<WireJob>;
  cancel(name: string): Promise<void>;
  delete(name: string): Promise<void>;
  list(filter: string, pageToken: string | undefined): Promise<JobPage>;
}

export function connectJobs(
  rest: Rest,
  host: string,
  { project, location }: Pick<VertexSettings, 'project' | 'location'>,
): Jobs {
  const all = `${host}/v1/projects/${project}/locations/${location}/batchPredictionJobs`;
  const jobCall = (name: string, method: RestCall['method'], verb = ''): RestCall => ({
    method,
    url: `${host}/v1/${name}${verb}`,
  });
  return {
    async create(job, deadlineMs) {
      const answer = await rest.once({ method: 'POST', url: all, json: job }, deadlineMs);
      return createdSchema.parse(answer).name;
    },
    async get(name) {
      return wireJobSchema.parse(await rest.read(jobCall(name, 'GET')));
    },
    async cancel(name) {
      await rest.done({ ...jobCall(name, 'POST', ':cancel'), json: {} });
    },
    async delete(name) {
      await rest.done({ ...jobCall(name, 'DELETE'), expected: [NOT_FOUND] });
    },
    async list(filter, pageToken) {
      // https://docs.cloud.google.com/vertex-ai/docs/reference/rest/v1/projects.locations.batchPredictionJobs/list
      const query = new URLSearchParams({ filter, pageSize: String(PAGE_SIZE) });
      if (pageToken !== undefined) query.set('pageToken', pageToken);
      return jobPageSchema.parse(await rest.read({ method: 'GET', url: `${all}?${query}` }));
    },
  };
}

/** https://docs.cloud.google.com/vertex-ai/docs/reference/rest/v1/JobState */
const PENDING: ReadonlySet<string> = new Set(['JOB_STATE_QUEUED', 'JOB_STATE_PENDING']);
const RUNNING: ReadonlySet<string> = new Set([
  'JOB_STATE_RUNNING',
  'JOB_STATE_CANCELLING',
  'JOB_STATE_PAUSED',
  'JOB_STATE_UPDATING',
]);
const ENDED: Readonly<Record<string, Outcome['kind']>> = {
  JOB_STATE_SUCCEEDED: 'completed',
  // Some requests have failed: their rows say so.
  JOB_STATE_PARTIALLY_SUCCEEDED: 'completed',
  JOB_STATE_FAILED: 'failed',
  JOB_STATE_CANCELLED: 'cancelled',
  JOB_STATE_EXPIRED: 'expired',
};

/** The state of a job, by Google's answer, without the files that the job wrote. */
export function jobStateOf(job: WireJob): JobState {
  const { state } = job;
  const progress = progressOf(job);
  if (PENDING.has(state)) return { state: 'running', isPending: true, ...progress };
  if (RUNNING.has(state)) return { state: 'running', ...progress };
  const kind = Object.hasOwn(ENDED, state) ? ENDED[state] : undefined;
  if (kind === undefined) return { state: 'unknown', status: state.slice(0, 100) };
  const outcome = omitUndefined({
    kind,
    jobId: job.name,
    files: [],
    answered: answeredOf(job.completionStats?.successfulCount),
    reason: kind === 'completed' ? undefined : reasonOf(job),
    refusal: kind === 'failed' ? refusalOf(job) : undefined,
  });
  return { state: 'ended', outcome };
}

function progressOf({ completionStats: stats }: WireJob): { progress?: number } {
  const counts = [stats?.successfulCount, stats?.failedCount];
  if (counts.every((count) => count === undefined)) return {};
  return { progress: counts.reduce<number>((sum, count = 0) => sum + Math.max(0, count), 0) };
}

function reasonOf({ state, error }: WireJob): Reason | undefined {
  if (!error && state !== 'JOB_STATE_FAILED') return undefined;
  const code = error?.code == null ? undefined : rpcNameOf(error.code);
  return shortReason(code ?? state.toLowerCase(), error?.message || 'Vertex AI gave no message');
}

/** google.rpc.Code */
const INTERNAL = 13;

function refusalOf({ error }: WireJob): Outcome['refusal'] {
  const isFull = /RESOURCE_EXHAUSTED|quota exceeded/i.test(error?.message ?? '');
  // No batch of the entry can run before somebody corrects it. But Vertex AI also says of a dataset of
  // its own, with INTERNAL, that it was not found, which may pass.
  if (error?.code !== INTERNAL && isAboutSetup(error?.message ?? '')) return 'account';
  // Some jobs report their quota only in the message, with INTERNAL or no code at all.
  return jobRefusalOf(error ?? {}) ?? (isFull ? 'quota' : undefined);
}

/** Undefined for a job that Vertex AI does not know. */
function getJob(jobs: Jobs, jobId: string): Promise<WireJob | undefined> {
  return undefinedIfMissing(classify, () => jobs.get(jobId));
}

/** The present state of a job, with the files that it wrote if it has ended. */
export async function check(jobs: Jobs, outputs: Outputs, jobId: string): Promise<JobState> {
  const job = await getJob(jobs, jobId);
  if (job === undefined) return { state: 'missing' };
  const state = jobStateOf(job);
  if (state.state !== 'ended') return state;
  try {
    const files = await outputs.filesOf(job);
    return { state: 'ended', outcome: { ...state.outcome, files } };
  } catch (error) {
    throw classify(error, 'read');
  }
}

/** Asks Vertex AI to end a job. It refuses (400) if the job has ended or is ending. */
export function cancel(jobs: Jobs, jobId: string): Promise<void> {
  return ignoring(['permanent', 'missing'], classify, () => jobs.cancel(jobId));
}

const READ = 'Vertex AI, read';

/**
 * All jobs with our label. That they come newest first is not documented, so Google filters the
 * older ones out, and all pages are read.
 */
export async function* listJobs(
  jobs: Jobs,
  since: number,
  position?: ListingPosition,
): AsyncGenerator<ListedJob> {
  const filter = `labels.${KEY_LABEL}:* AND create_time>="${new Date(since).toISOString()}"`;
  const entries = new ListEntries(READ, position);
  const pages = listPages(
    READ,
    (pageToken) => readJobPage(jobs, filter, pageToken),
    ({ nextPageToken }) => nextPageToken || undefined,
    position,
  );
  for await (const { batchPredictionJobs: page = [] } of pages)
    for (const { name, labels, createTime = since } of entries.read(page, listedJobSchema))
      if (createTime >= since) yield { id: name, key: keyOfLabels(labels), createdAt: createTime };
  entries.assertComplete();
}

async function readJobPage(jobs: Jobs, filter: string, pageToken?: string): Promise<JobPage> {
  try {
    return await jobs.list(filter, pageToken);
  } catch (error) {
    throw classify(error, 'list');
  }
}

/** Deletes what an ended job of ours read and wrote; then the job, so that a failure is repeated. */
export async function deleteFiles(jobs: Jobs, outputs: Outputs, jobId: string): Promise<void> {
  const job = await getJob(jobs, jobId);
  const key = keyOfLabels(job?.labels);
  if (job === undefined || key === undefined) return;
  try {
    await outputs.delete(job, key);
    await jobs.delete(jobId);
  } catch (error) {
    throw classify(error, 'read');
  }
}

/** Deletes the inputs of these submissions. `deleteFiles` deletes what their jobs wrote. */
export async function deleteLeftovers(
  store: Store,
  keys: ReadonlySet<string>,
  since: number,
): Promise<void> {
  try {
    for (const key of keys) if (isSubmissionKey(key)) await store.deleteInput(key, since);
  } catch (error) {
    throw classify(error, 'read');
  }
}
