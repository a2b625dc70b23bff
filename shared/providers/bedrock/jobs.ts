import {
  type BedrockClient,
  GetModelInvocationJobCommand,
  ListModelInvocationJobsCommand,
  type ListModelInvocationJobsCommandInput,
  StopModelInvocationJobCommand,
} from '@aws-sdk/client-bedrock';
import { type ProviderError, type Reason, shortReason } from '../../batch/errors.ts';
import type { JobState, Outcome } from '../../batch/job.ts';
import type { ObjectStore } from '../../batch/ports.ts';
import { unusableAnswer } from '../http.ts';
import type { ListedJob } from '../provider.ts';
import {
  isKey,
  jobListSchema,
  outputKey,
  readOptions,
  type WireJob,
  wireJobSchema,
} from './api.ts';
import { classify, isAboutAccess, isAboutInput, isAboutQuota } from './errors.ts';

/** `ModelInvocationJobStatus` of the SDK. */
const RUNNING: ReadonlySet<string> = new Set([
  'Submitted',
  'Validating',
  'Scheduled',
  'InProgress',
  'Stopping',
]);
const ENDED: Readonly<Record<string, Outcome['kind']>> = {
  Completed: 'completed',
  // Out of time: what is finished is there.
  PartiallyCompleted: 'expired',
  // Out of time before it began.
  Expired: 'expired',
  Stopped: 'cancelled',
  Failed: 'failed',
};

/** What Bedrock's answer says of the job; of its files it says nothing. */
export function jobStateOf(job: WireJob): JobState {
  const { status, jobArn, message, processedRecordCount: progress } = job;
  // Padding is counted too: only that it grows is looked at.
  if (RUNNING.has(status)) return { state: 'running', ...(progress == null ? {} : { progress }) };
  const kind = Object.hasOwn(ENDED, status) ? ENDED[status] : undefined;
  if (kind === undefined) return { state: 'unknown', status: status.slice(0, 100) };
  const reason = kind === 'completed' ? undefined : reasonOf(status, message);
  const refusal = kind === 'failed' ? refusalOf(message ?? '') : undefined;
  return {
    state: 'ended',
    outcome: {
      kind,
      jobId: jobArn,
      files: [],
      ...(reason === undefined ? {} : { reason }),
      ...(refusal === undefined ? {} : { refusal }),
    },
  };
}

function reasonOf(status: string, message: string | null | undefined): Reason | undefined {
  if (message) return shortReason(`job_${status.toLowerCase()}`, message);
  return status === 'Failed' ? shortReason('job_failed', 'Bedrock gave no message') : undefined;
}

/** A message that speaks of none of these is the server's own trouble, and may pass. */
function refusalOf(message: string): Outcome['refusal'] {
  if (isAboutAccess(message)) return 'account';
  if (isAboutInput(message)) return 'permanent';
  return isAboutQuota(message) ? 'quota' : undefined;
}

/** A job as Bedrock tells it; undefined for one that it does not know. */
export async function getJob(client: BedrockClient, jobId: string): Promise<WireJob | undefined> {
  try {
    const command = new GetModelInvocationJobCommand({ jobIdentifier: jobId });
    return wireJobSchema.parse(await client.send(command, readOptions()));
  } catch (error) {
    const failure = classify(error, 'read');
    if (failure.kind === 'missing') return undefined;
    throw failure;
  }
}

/** The present state of a job, with what it wrote if it has ended. */
export async function check(
  client: BedrockClient,
  objects: ObjectStore,
  jobId: string,
): Promise<JobState> {
  const job = await getJob(client, jobId);
  if (job === undefined) return { state: 'missing' };
  const state = jobStateOf(job);
  if (state.state !== 'ended') return state;
  // A job that never ran, or failed, mostly wrote nothing; one that was stopped may have.
  const output = outputKey(job.jobName, job.jobArn);
  const files = (await exists(objects, output)) ? [output] : [];
  return { state: 'ended', outcome: { ...state.outcome, files } };
}

async function exists(objects: ObjectStore, key: string): Promise<boolean> {
  try {
    return (await objects.head({ bucket: objects.bucket, key })) !== undefined;
  } catch (error) {
    throw classify(error, 'read');
  }
}

/** Asks Bedrock to end a job. */
export async function cancel(client: BedrockClient, jobId: string): Promise<void> {
  try {
    await client.send(new StopModelInvocationJobCommand({ jobIdentifier: jobId }), readOptions());
  } catch (error) {
    const failure = classify(error, 'read');
    // 400: it has ended, or is ending already.
    const hasEnded = failure.kind === 'permanent' || failure.reason.code === 'ConflictException';
    if (!hasEnded && failure.kind !== 'missing') throw failure;
  }
}

// https://docs.aws.amazon.com/bedrock/latest/APIReference/API_ListModelInvocationJobs.html: up to
// 1,000; a smaller page answers sooner.
const PAGE_SIZE = 100;
/** Times may be cut to whole seconds. */
const SECOND_MS = 1000;

/** Pages back, newest first, until a job is older than `since` or there is none. */
export async function* listJobs(client: BedrockClient, since: number): AsyncGenerator<ListedJob> {
  const after = since > SECOND_MS ? { submitTimeAfter: new Date(since - SECOND_MS) } : {};
  for await (const job of pages(client, after)) {
    if (job.createdAt + SECOND_MS <= since) return;
    yield job;
  }
}

/** Jobs whose name contains this one. */
export function listNamed(client: BedrockClient, name: string): AsyncGenerator<ListedJob> {
  return pages(client, { nameContains: name });
}

async function* pages(
  client: BedrockClient,
  filter: ListModelInvocationJobsCommandInput,
): AsyncGenerator<ListedJob> {
  let nextToken: string | undefined;
  while (true) {
    const page = await readPage(
      client,
      nextToken === undefined ? filter : { ...filter, nextToken },
    );
    for (const { jobArn, jobName, submitTime } of page.invocationJobSummaries) {
      const key = isKey(jobName) ? jobName : undefined;
      yield { id: jobArn, key, createdAt: submitTime.getTime() };
    }
    if (page.nextToken == null) return;
    if (page.nextToken === nextToken) throw stuck();
    nextToken = page.nextToken;
  }
}

async function readPage(client: BedrockClient, query: ListModelInvocationJobsCommandInput) {
  try {
    const command = new ListModelInvocationJobsCommand({
      maxResults: PAGE_SIZE,
      sortBy: 'CreationTime',
      sortOrder: 'Descending',
      ...query,
    });
    return jobListSchema.parse(await client.send(command, readOptions()));
  } catch (error) {
    throw classify(error, 'read');
  }
}

// An endless listing, or one that seems to end early.
function stuck(): ProviderError {
  return unusableAnswer('Bedrock, read', 'a page of jobs leads to itself');
}
