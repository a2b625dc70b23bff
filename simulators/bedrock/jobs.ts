import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { omitUndefined } from '../../shared/omitUndefined.ts';
import { type JobKind, type JobRun, type JobSettings, Jobs } from '../engine/jobs.ts';
import type { JobOutput } from '../engine/run.ts';
import {
  type JobError,
  type JobRecord,
  type JobSnapshot,
  type JobStatus,
  requestsRun,
} from '../engine/timeline.ts';
import { conflict, ServiceError } from './errors.ts';
import { ACCOUNT_ID, type Buckets, fetchInput, REGION } from './files.ts';
import { writeOutput } from './replies.ts';

/** A create call whose values are allowed. */
export interface CreateRequest {
  readonly jobName: string;
  readonly clientRequestToken?: string | undefined;
  readonly modelId: string;
  readonly roleArn: string;
  readonly invocationType: 'InvokeModel' | 'Converse';
  readonly inputUri: string;
  readonly outputUri: string;
  readonly timeoutHours?: number | undefined;
}

/** A model invocation job as it is stored. */
export interface BedrockJob extends JobRecord, CreateRequest {
  /** How many records the input has. */
  readonly records: number;
  /** Why the job cannot run. Absent if it can. */
  readonly problem?: string;
  /** Whether the account had too many jobs when this one was created. */
  readonly isOverLimit: boolean;
}

interface BedrockSettings extends JobSettings {
  readonly buckets: Buckets;
  readonly minRecords: number;
  readonly jobLimit?: number | undefined;
  readonly jobLimitRefusal: 'job' | 'create';
}

const QUOTA = 'You have reached the quota of batch inference jobs that may be in progress at once.';
const ID_BYTES = 6;

/** The model invocation jobs of the account. */
export class BedrockJobs {
  readonly jobs: Jobs<BedrockJob>;
  readonly #settings: BedrockSettings;

  constructor(settings: BedrockSettings) {
    this.#settings = settings;
    mkdirSync(join(settings.dataDir, 'outputs'), { recursive: true });
    const kind: JobKind<BedrockJob> = {
      idOf: ({ recordId }) => String(recordId),
      errorsOf,
      write: (run) => this.#write(run),
    };
    this.jobs = new Jobs(settings, kind);
  }

  /** @throws ServiceError if the name is taken or the account has too many jobs */
  async create(request: CreateRequest): Promise<BedrockJob> {
    const { jobName, clientRequestToken, inputUri } = request;
    const {
      jobLimit = Number.POSITIVE_INFINITY,
      jobLimitRefusal,
      buckets,
      minRecords,
    } = this.#settings;
    const all = this.jobs.all();
    const same = all.find(
      (job) => clientRequestToken !== undefined && job.clientRequestToken === clientRequestToken,
    );
    if (same !== undefined) return same;
    if (all.some((job) => job.jobName === jobName))
      throw conflict('A model invocation job with this name already exists.');
    const isOverLimit = this.jobs.unfinished().length >= jobLimit;
    if (isOverLimit && jobLimitRefusal === 'create')
      throw new ServiceError(400, 'ServiceQuotaExceededException', QUOTA);

    const id = randomBytes(ID_BYTES).toString('hex');
    const input = await fetchInput(buckets, inputUri, this.jobs.inputPath(id), minRecords);
    return this.jobs.create({
      ...omitUndefined(request),
      ...input,
      id,
      key: jobName,
      // The names of all submissions of a batch differ only in their number.
      group: jobName.replace(/-\d+$/, ''),
      isOverLimit,
    });
  }

  /** @throws ServiceError 404 */
  get(identifier: string): BedrockJob {
    const job = this.jobs.get(idOf(identifier));
    if (job) return job;
    throw new ServiceError(404, 'ResourceNotFoundException', 'The job was not found.');
  }

  /** @throws ServiceError if there is no such job, or it has ended */
  stop(identifier: string): void {
    const job = this.get(identifier);
    if (this.jobs.snapshotOf(job).endedAt !== undefined)
      throw conflict('The job has ended and cannot be stopped.');
    this.jobs.cancel(job.id);
  }

  async #write({ job, requests }: JobRun<BedrockJob>): Promise<JobOutput> {
    const { dataDir, buckets } = this.#settings;
    const path = join(dataDir, 'outputs', `${job.id}.out`);
    const folder = `${job.outputUri.replace(/\/$/, '')}/${job.id}/`;
    const output = await writeOutput(path, job, requests);
    await buckets.write(`${folder}${job.inputUri.split('/').at(-1)}.out`, path);
    await writeFile(path, JSON.stringify(manifestOf(job, output)));
    await buckets.write(`${folder}manifest.json.out`, path);
    await rm(path);
    return output;
  }
}

function errorsOf({ problem, isOverLimit, outcome }: BedrockJob): JobError[] {
  if (problem !== undefined) return [{ code: 'invalid', message: problem }];
  if (isOverLimit || outcome === 'failed_quota') return [{ code: 'quota', message: QUOTA }];
  const message = 'The input data is malformed: refused by plan.';
  return outcome === 'failed_invalid' ? [{ code: 'invalid', message }] : [];
}

function manifestOf({ records }: BedrockJob, { succeeded, failed, usage }: JobOutput) {
  return {
    totalRecordCount: records,
    processedRecordCount: succeeded + failed,
    successRecordCount: succeeded,
    errorRecordCount: failed,
    inputTokenCount: usage.inputTokens,
    outputTokenCount: usage.outputTokens,
  };
}

const ARN_PREFIX = `arn:aws:bedrock:${REGION}:${ACCOUNT_ID}:model-invocation-job/`;

export function jobArn(id: string): string {
  return `${ARN_PREFIX}${id}`;
}

/** A call may name a job by its ARN or by the last part of it. */
function idOf(identifier: string): string {
  return identifier.startsWith(ARN_PREFIX) ? identifier.slice(ARN_PREFIX.length) : identifier;
}

const STATUS_NAMES: Readonly<Record<JobStatus, string>> = {
  validating: 'Validating',
  failed: 'Failed',
  in_progress: 'InProgress',
  finalizing: 'InProgress',
  completed: 'Completed',
  expired: 'PartiallyCompleted',
  cancelling: 'Stopping',
  cancelled: 'Stopped',
};

/** A job as the API shows it. Undefined fields are not sent. */
export function jobObject(job: BedrockJob, snapshot: JobSnapshot) {
  const { status, result, endedAt } = snapshot;
  const processed = result ? result.succeeded + result.failed : requestsRun(job, snapshot);
  const message = status === 'failed' ? job.inspection?.errors[0]?.message : undefined;
  return {
    jobArn: jobArn(job.id),
    jobName: job.jobName,
    modelId: job.modelId,
    clientRequestToken: job.clientRequestToken,
    roleArn: job.roleArn,
    status: STATUS_NAMES[status],
    message,
    submitTime: isoTime(job.createdAt),
    lastModifiedTime: isoTime(endedAt ?? snapshot.inProgressAt ?? job.createdAt),
    endTime: endedAt === undefined ? undefined : isoTime(endedAt),
    inputDataConfig: { s3InputDataConfig: { s3InputFormat: 'JSONL', s3Uri: job.inputUri } },
    outputDataConfig: { s3OutputDataConfig: { s3Uri: job.outputUri } },
    modelInvocationType: job.invocationType,
    timeoutDurationInHours: job.timeoutHours,
    totalRecordCount: job.records,
    processedRecordCount: processed,
    successRecordCount: result?.succeeded,
    errorRecordCount: result?.failed,
  };
}

function isoTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
