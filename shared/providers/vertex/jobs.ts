import { type Reason, shortReason } from '../../batch/errors.ts';
import type { JobState, Outcome } from '../../batch/job.ts';
import { listPages, type Rest, type RestCall } from '../google/rest.ts';
import { jobRefusalOf, rpcNameOf } from '../google/status.ts';
import type { ListedJob } from '../provider.ts';
import {
  classify,
  createdSchema,
  isKey,
  jobPageSchema,
  KEY_LABEL,
  keyOf,
  type WireJob,
  wireJobSchema,
} from './api.ts';
import type { VertexSettings } from './description.ts';
import type { Outputs } from './outputs.ts';
import type { Store } from './store.ts';

// https://docs.cloud.google.com/vertex-ai/docs/reference/rest/v1/projects.locations.batchPredictionJobs/list
const PAGE_SIZE = 100;

type Place = Pick<VertexSettings, 'project' | 'location'>;
export type JobPage = ReturnType<typeof jobPageSchema.parse>;

/** The batch prediction jobs of a project and location. Errors are not classified. */
export interface Jobs {
  /** Sent once. */
  create(job: object, deadlineMs: number): Promise<string>;
  get(name: string): Promise<WireJob>;
  cancel(name: string): Promise<void>;
  delete(name: string): Promise<void>;
  list(filter: string, pageToken: string | undefined): Promise<JobPage>;
}

export function connectJobs(rest: Rest, host: string, { project, location }: Place): Jobs {
  const all = `${host}/v1/projects/${project}/locations/${location}/batchPredictionJobs`;
  const about = (name: string, method: RestCall['method'], verb = ''): RestCall => ({
    method,
    url: `${host}/v1/${name}${verb}`,
  });
  return {
    async create(job, deadlineMs) {
      const answer = await rest.once({ method: 'POST', url: all, json: job }, deadlineMs);
      return createdSchema.parse(answer).name;
    },
    async get(name) {
      return wireJobSchema.parse(await rest.read(about(name, 'GET')));
    },
    async cancel(name) {
      await rest.done({ ...about(name, 'POST', ':cancel'), json: {} });
    },
    async delete(name) {
      await rest.done({ ...about(name, 'DELETE'), expected: [404] });
    },
    async list(filter, pageToken) {
      const query = new URLSearchParams({
        filter,
        pageSize: String(PAGE_SIZE),
        ...(pageToken === undefined ? {} : { pageToken }),
      });
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
  // Some rows have failed: they say so themselves.
  JOB_STATE_PARTIALLY_SUCCEEDED: 'completed',
  JOB_STATE_FAILED: 'failed',
  JOB_STATE_CANCELLED: 'cancelled',
  JOB_STATE_EXPIRED: 'expired',
};

/** What Google's answer says of the job; what it wrote is not looked at. */
export function jobStateOf(job: WireJob): JobState {
  const { state } = job;
  const progress = progressOf(job);
  if (PENDING.has(state)) return { state: 'running', isPending: true, ...progress };
  if (RUNNING.has(state)) return { state: 'running', ...progress };
  const kind = Object.hasOwn(ENDED, state) ? ENDED[state] : undefined;
  if (kind === undefined) return { state: 'unknown', status: state.slice(0, 100) };
  const reason = kind === 'completed' ? undefined : reasonOf(job);
  const refusal = kind === 'failed' ? refusalOf(job) : undefined;
  return {
    state: 'ended',
    outcome: {
      kind,
      jobId: job.name,
      files: [],
      ...(reason === undefined ? {} : { reason }),
      ...(refusal === undefined ? {} : { refusal }),
    },
  };
}

function progressOf({ completionStats: stats }: WireJob): { progress?: number } {
  const counts = [stats?.successfulCount, stats?.failedCount];
  if (counts.every((count) => count === undefined)) return {};
  return { progress: counts.reduce<number>((sum, count = 0) => sum + Math.max(0, count), 0) };
}

function reasonOf({ state, error }: WireJob): Reason | undefined {
  if (!error && state !== 'JOB_STATE_FAILED') return undefined;
  const code = error?.code === undefined ? undefined : rpcNameOf(error.code);
  return shortReason(code ?? state.toLowerCase(), error?.message || 'Vertex AI gave no message');
}

function refusalOf({ error }: WireJob): Outcome['refusal'] {
  const isFull = /RESOURCE_EXHAUSTED|quota exceeded/i.test(error?.message ?? '');
  // Some jobs tell their quota in the text alone, under INTERNAL or no code at all.
  return jobRefusalOf(error ?? {}) ?? (isFull ? 'quota' : undefined);
}

/** A job as Vertex AI tells it; undefined for one that it does not know. */
export async function getJob(jobs: Jobs, jobId: string): Promise<WireJob | undefined> {
  try {
    return await jobs.get(jobId);
  } catch (error) {
    const failure = classify(error, 'read');
    if (failure.kind === 'missing') return undefined;
    throw failure;
  }
}

/** The present state of a job, with what it wrote if it has ended. */
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

/** Asks Vertex AI to end a job. */
export async function cancel(jobs: Jobs, jobId: string): Promise<void> {
  try {
    await jobs.cancel(jobId);
  } catch (error) {
    const failure = classify(error, 'read');
    // 400: it has ended, or is ending already.
    if (failure.kind !== 'permanent' && failure.kind !== 'missing') throw failure;
  }
}

/**
 * Jobs with our label, all pages to the last: that they come newest first is not documented, so
 * Google leaves out the older ones, and nothing is concluded from the order.
 */
export async function* listJobs(jobs: Jobs, since: number): AsyncGenerator<ListedJob> {
  const filter = `labels.${KEY_LABEL}:* AND create_time>="${new Date(since).toISOString()}"`;
  const pages = listPages('Vertex AI, read', (pageToken) => readPage(jobs, filter, pageToken));
  for await (const { batchPredictionJobs = [] } of pages)
    for (const { name: id, labels, createTime: createdAt } of batchPredictionJobs)
      if (createdAt >= since) yield { id, key: keyOf(labels), createdAt };
}

async function readPage(jobs: Jobs, filter: string, pageToken?: string): Promise<JobPage> {
  try {
    return await jobs.list(filter, pageToken);
  } catch (error) {
    throw classify(error, 'read');
  }
}

/** Deletes what an ended job of ours read and wrote, then the job: so a failure is made good. */
export async function deleteFiles(jobs: Jobs, outputs: Outputs, jobId: string): Promise<void> {
  const job = await getJob(jobs, jobId);
  const key = keyOf(job?.labels);
  if (job === undefined || key === undefined) return;
  try {
    await outputs.delete(job, key);
    await jobs.delete(jobId);
  } catch (error) {
    throw classify(error, 'read');
  }
}

/** Deletes the inputs of these submissions. What jobs wrote is theirs. */
export async function deleteLeftovers(
  store: Store,
  keys: ReadonlySet<string>,
  since: number,
): Promise<void> {
  try {
    for (const key of keys) if (isKey(key)) await store.deleteInput(key, since);
  } catch (error) {
    throw classify(error, 'read');
  }
}
