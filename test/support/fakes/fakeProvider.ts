import { type Pricing, UNPRICED } from '../../../shared/batch/cost.ts';
import { ProviderError, RefusedError } from '../../../shared/batch/errors.ts';
import type { JobState, Limits, Outcome, Timing } from '../../../shared/batch/job.ts';
import type { Provider, Providers, Submission } from '../../../shared/providers/provider.ts';

interface FakeJob {
  readonly id: string;
  readonly key: string;
  readonly batchId: string;
  readonly createdAt: number;
  readonly lines: readonly string[];
  cancelled: boolean;
  state: JobState;
}

/** What a test makes the provider do with a submission; throwing refuses it. */
type OnSubmit = (submission: Submission, lines: readonly string[]) => void;

export interface FakeProvider extends Provider {
  /** Set by the test. At first no model has a price. */
  pricing: Pricing;
  readonly jobs: FakeJob[];
  readonly timing: Timing;
  readonly rows: Map<string, string[]>;
  /** Names of the uploads that are there, by the id of the job that took them or of the upload. */
  readonly uploads: Map<string, string>;
  /** Thrown instead of deleting. */
  deleteFailure: Error | undefined;
  onSubmit: OnSubmit;
  /** Thrown instead of listing. */
  listFailure: Error | undefined;
  /** Thrown instead of checking. */
  checkFailure: Error | undefined;
  /** Ends a job; `answer` gives the row of each request, or undefined for none. */
  end(
    job: FakeJob,
    outcome: Omit<Outcome, 'files' | 'jobId'>,
    answer: (customId: string) => object | undefined,
  ): void;
}

const LIMITS: Limits = {
  maxInFlight: 100,
  maxEnqueuedTokens: 1_000_000,
  maxRequests: 50_000,
  maxBytes: 200_000_000,
};

/** A provider in memory whose jobs do what the test says. */
export function fakeProvider(now: () => number, limits: Limits = LIMITS): FakeProvider {
  const jobs: FakeJob[] = [];
  const rows = new Map<string, string[]>();
  const uploads = new Map<string, string>();
  const find = (jobId: string) => {
    const job = jobs.find(({ id }) => id === jobId);
    if (job) return job;
    throw new ProviderError('missing', { code: 'not_found', message: `no job ${jobId}` });
  };
  const provider: FakeProvider = {
    jobs,
    rows,
    uploads,
    pricing: UNPRICED,
    timing: { completionHours: 24, progressHours: 24 },
    deleteFailure: undefined,
    limits,
    endpoints: ['/v1/chat/completions', '/v1/embeddings'],
    onSubmit: () => {},
    listFailure: undefined,
    checkFailure: undefined,
    checkOptions: () => {},
    async submit(submission) {
      const bytes = await submission.file.read(0, submission.file.bytes);
      const lines = Buffer.from(bytes).toString().trimEnd().split('\n');
      const { key, batchId } = submission;
      const upload = `upload_${uploads.size + 1}`;
      uploads.set(upload, key);
      provider.onSubmit(submission, lines);
      submission.beforeCreate?.();
      const id = `job_${jobs.length + 1}`;
      uploads.delete(upload);
      uploads.set(id, key);
      const state: JobState = { state: 'running' };
      jobs.push({ id, key, batchId, createdAt: now(), lines, cancelled: false, state });
      return { jobId: id };
    },
    async check(jobId) {
      if (provider.checkFailure) throw provider.checkFailure;
      return find(jobId).state;
    },
    async cancel(jobId) {
      const job = find(jobId);
      job.cancelled = true;
      if (job.state.state === 'running') provider.end(job, { kind: 'cancelled' }, () => undefined);
    },
    async *listJobs(since) {
      for (const job of jobs.toReversed()) if (job.createdAt >= since) yield job;
      if (provider.listFailure) throw provider.listFailure;
    },
    async *listStates() {
      for (const { id, state } of jobs.toReversed()) yield { jobId: id, state };
      if (provider.listFailure) throw provider.listFailure;
    },
    async *readRows({ files }) {
      for (const file of files) yield (rows.get(file) ?? []).map((row) => Buffer.from(row));
    },
    async deleteFiles(jobId) {
      if (provider.deleteFailure) throw provider.deleteFailure;
      uploads.delete(jobId);
      rows.delete(`file_of_${jobId}`);
    },
    async deleteLeftovers(keys) {
      if (provider.deleteFailure) throw provider.deleteFailure;
      for (const [id, key] of uploads) if (keys.has(key)) uploads.delete(id);
    },
    end(job, outcome, answer) {
      const file = `file_of_${job.id}`;
      const answered = job.lines
        .map((line) => JSON.parse(line).custom_id as string)
        .map((customId) => ({ customId, row: answer(customId) }))
        .filter(({ row }) => row !== undefined)
        .map(({ customId, row }) =>
          JSON.stringify({ id: `r-${customId}`, custom_id: customId, ...row }),
        );
      rows.set(file, answered);
      const files = answered.length > 0 ? [file] : [];
      job.state = { state: 'ended', outcome: { ...outcome, jobId: job.id, files } };
    },
  };
  return provider;
}

export const SUCCESS = {
  response: {
    status_code: 200,
    request_id: 'q',
    body: { usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 } },
  },
  error: null,
};
export const RATE_LIMITED = {
  response: { status_code: 429, request_id: 'q', body: {} },
  error: null,
};
export const BAD_REQUEST = {
  response: { status_code: 400, request_id: 'q', body: {} },
  error: null,
};

export function fakeProviders(entries: Readonly<Record<string, FakeProvider>>): Providers {
  const find = async (name: string) => {
    const provider = entries[name];
    if (provider) return provider;
    throw new RefusedError({
      code: 'unknown_provider',
      message: `no provider ${name}`,
    });
  };
  return {
    names: Object.keys(entries),
    timing: (name) => entries[name]?.timing,
    get: find,
    describe: find,
  };
}
