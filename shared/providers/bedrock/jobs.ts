import {
  type BedrockClient,
  GetModelInvocationJobCommand,
  ListModelInvocationJobsCommand,
  type ListModelInvocationJobsCommandInput,
  StopModelInvocationJobCommand,
} from '@aws-sdk/client-bedrock';
import { DeleteObjectCommand, ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import { type Reason, shortReason } from '../../batch/errors.ts';
import { isSubmissionKey, type OwnPlace, ownObject } from '../../batch/ids.ts';
import { answeredOf, type JobState, type Outcome } from '../../batch/job.ts';
import type { ObjectStore } from '../../batch/ports.ts';
import { omitUndefined } from '../../omitUndefined.ts';
import { undefinedIfMissing } from '../errors.ts';
import { CLEAN_UP_DEADLINE_MS, PAGE_SIZE, SECOND_MS } from '../http.ts';
import { ListEntries, listPages } from '../listing.ts';
import type { ListedJob, ListingPosition } from '../provider.ts';
import {
  type Clients,
  folderOf,
  jobListSchema,
  listedJobSchema,
  objectListSchema,
  outputKey,
  readOptions,
  type WireJob,
  wireJobSchema,
} from './api.ts';
import { classify, isAboutAccess, isAboutInput, isAboutQuota, isAboutSetup } from './errors.ts';

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
  // Its time ran out; the results so far exist.
  PartiallyCompleted: 'expired',
  // Its time ran out before it began.
  Expired: 'expired',
  Stopped: 'cancelled',
  Failed: 'failed',
};

/** The state of a job, by Bedrock's answer, which does not name the job's files. */
export function jobStateOf(job: WireJob, minRecords: number): JobState {
  const { status, jobArn, message, processedRecordCount: progress } = job;
  // Padding counts as progress too, but only its growth matters.
  if (RUNNING.has(status))
    return { state: 'running', ...omitUndefined({ progress: progress ?? undefined }) };
  const kind = Object.hasOwn(ENDED, status) ? ENDED[status] : undefined;
  if (kind === undefined) return { state: 'unknown', status: status.slice(0, 100) };
  const outcome = omitUndefined({
    kind,
    jobId: jobArn,
    files: [],
    // Without the padding, of which a job may have up to one record less than the minimum.
    answered: answeredOf((job.successRecordCount ?? 0) - (minRecords - 1)),
    reason: kind === 'completed' ? undefined : reasonOf(status, message),
    refusal: kind === 'failed' ? refusalOf(message ?? '') : undefined,
  });
  return { state: 'ended', outcome };
}

function reasonOf(status: string, message: string | null | undefined): Reason | undefined {
  if (message) return shortReason(`job_${status.toLowerCase()}`, message);
  return status === 'Failed' ? shortReason('job_failed', 'Bedrock gave no message') : undefined;
}

/** An error about none of these is the server's own and may pass. */
function refusalOf(message: string): Outcome['refusal'] {
  if (isAboutAccess(message) || isAboutSetup(message)) return 'account';
  if (isAboutInput(message)) return 'permanent';
  return isAboutQuota(message) ? 'quota' : undefined;
}

/** Undefined for a job that Bedrock does not know. */
function getJob(client: BedrockClient, jobId: string): Promise<WireJob | undefined> {
  const command = new GetModelInvocationJobCommand({ jobIdentifier: jobId });
  return undefinedIfMissing(classify, async () =>
    wireJobSchema.parse(await client.send(command, readOptions())),
  );
}

/** The present state of a job, with the file that it wrote if it has ended. */
export async function check(
  client: BedrockClient,
  objects: ObjectStore,
  minRecords: number,
  jobId: string,
): Promise<JobState> {
  const job = await getJob(client, jobId);
  if (job === undefined) return { state: 'missing' };
  const state = jobStateOf(job, minRecords);
  if (state.state !== 'ended') return state;
  // A job that failed or never ran has usually written nothing; a stopped one may have.
  const output = outputKey(job.jobName, job.jobArn);
  const files = (await exists(objects, output)) ? [output] : [];
  return { state: 'ended', outcome: { ...state.outcome, files } };
}

async function exists(objects: ObjectStore, key: string): Promise<boolean> {
  try {
    return (await objects.head(ownObject(objects, key))) !== undefined;
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

const READ = 'Bedrock, read';

/** All pages of the jobs since then, for which Bedrock is asked: whatever their order, none is hidden. */
export function listJobs(
  client: BedrockClient,
  since: number,
  position?: ListingPosition,
): AsyncGenerator<ListedJob> {
  const after = since > SECOND_MS ? { submitTimeAfter: new Date(since - SECOND_MS) } : {};
  return jobsOf(client, after, since, position);
}

/** Jobs whose name contains this text. */
export function listNamed(client: BedrockClient, name: string): AsyncGenerator<ListedJob> {
  return jobsOf(client, { nameContains: name }, 0);
}

async function* jobsOf(
  client: BedrockClient,
  filter: ListModelInvocationJobsCommandInput,
  since: number,
  position?: ListingPosition,
): AsyncGenerator<ListedJob> {
  const entries = new ListEntries(READ, position);
  const pages = listPages(
    READ,
    (nextToken) => readJobPage(client, { ...filter, ...omitUndefined({ nextToken }) }),
    ({ nextToken }) => nextToken || undefined,
    position,
  );
  for await (const { invocationJobSummaries: page } of pages)
    for (const { jobArn, jobName, submitTime } of entries.read(page, listedJobSchema)) {
      // A job of unknown age may be the one that was just created.
      const createdAt = submitTime?.getTime() ?? since;
      if (createdAt + SECOND_MS > since)
        yield { id: jobArn, key: isSubmissionKey(jobName) ? jobName : undefined, createdAt };
    }
  entries.assertComplete();
}

async function readJobPage(client: BedrockClient, query: ListModelInvocationJobsCommandInput) {
  try {
    // https://docs.aws.amazon.com/bedrock/latest/APIReference/API_ListModelInvocationJobs.html:
    // 1,000 is the largest page
    const command = new ListModelInvocationJobsCommand({
      maxResults: PAGE_SIZE,
      sortBy: 'CreationTime',
      sortOrder: 'Descending',
      ...query,
    });
    return jobListSchema.parse(await client.send(command, readOptions()));
  } catch (error) {
    throw classify(error, 'list');
  }
}

/** Deletes the input and output of a job. A job that does not exist counts as deleted. */
export async function deleteFiles(
  { reads, s3 }: Clients,
  place: OwnPlace,
  jobId: string,
): Promise<void> {
  const job = await getJob(reads, jobId);
  if (job !== undefined) await deleteFolder(s3, place, job.jobName, 0);
}

/** Deletes what these submissions left in the bucket. */
export async function deleteLeftovers(
  { s3 }: Clients,
  place: OwnPlace,
  keys: ReadonlySet<string>,
  since: number,
): Promise<void> {
  for (const key of keys) await deleteFolder(s3, place, key, since);
}

/**
 * Deletes the objects of a submission: its input, its output and the manifest.
 *
 * @param since older objects are kept; milliseconds since 1970
 */
export async function deleteFolder(
  s3: S3Client,
  place: OwnPlace,
  key: string,
  since: number,
): Promise<void> {
  const options = { abortSignal: AbortSignal.timeout(CLEAN_UP_DEADLINE_MS) };
  const { bucket, key: folder } = ownObject(place, folderOf(key));
  try {
    let token: string | undefined;
    do {
      const page: unknown = await s3.send(
        new ListObjectsV2Command({
          Bucket: bucket,
          Prefix: folder,
          ContinuationToken: token,
        }),
        options,
      );
      const { Contents: objects, NextContinuationToken: next } = objectListSchema.parse(page);
      for (const { Key, LastModified } of objects)
        if (LastModified.getTime() + SECOND_MS > since)
          await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key }), options);
      token = next ?? undefined;
    } while (token !== undefined);
  } catch (error) {
    throw classify(error, 'read');
  }
}
