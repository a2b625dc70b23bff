import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LOCAL_ACCOUNT_ID, LOCAL_REGION } from '../../local/template/account.ts';
import { type JobKind, type JobRecord, Jobs } from '../engine/jobs.ts';
import type { Journal } from '../engine/journal.ts';
import { type Moment, ranRequests } from '../engine/timeline.ts';
import type { CreateRequest } from './api.ts';
import { conflict, ServiceError } from './errors.ts';
import { type Buckets, fetchInput, writeOutput } from './files.ts';
import type { BedrockOptions } from './index.ts';

/** A model invocation job, with what the create call said of it. */
export interface BedrockJob extends JobRecord {
  readonly jobName: string;
  readonly clientRequestToken?: string;
  readonly modelId: string;
  readonly roleArn: string;
  readonly invocationType: 'InvokeModel' | 'Converse';
  readonly inputUri: string;
  readonly outputUri: string;
  /** Records of the input. */
  readonly records: number;
  /** Why the input cannot be run, if it cannot. */
  readonly problem?: string;
  /** The account had as many jobs as it may have. */
  readonly isOverLimit: boolean;
}

const QUOTA = 'You have reached the quota of batch inference jobs that may be in progress at once.';
const ID_BYTES = 6;

/** The model invocation jobs of the account. */
export class BedrockJobs {
  readonly jobs: Jobs<BedrockJob>;
  readonly #options: BedrockOptions;
  readonly #buckets: Buckets;

  constructor(options: BedrockOptions, buckets: Buckets, journal: Journal, now: () => number) {
    this.#options = options;
    this.#buckets = buckets;
    const { dataDir, plan, jobSeconds } = options;
    mkdirSync(join(dataDir, 'outputs'), { recursive: true });
    this.jobs = new Jobs({ dataDir, plan, jobSeconds, journal, now, kind: this.#kind() });
  }

  /** @throws ServiceError when the name is taken or the account has too many jobs */
  async create(request: CreateRequest): Promise<BedrockJob> {
    const { jobName, clientRequestToken, modelId, roleArn } = request;
    const { jobLimit = Number.POSITIVE_INFINITY, jobLimitRefusal } = this.#options;
    const all = this.jobs.all();
    const same = all.find(
      (job) => clientRequestToken !== undefined && job.clientRequestToken === clientRequestToken,
    );
    if (same !== undefined) return same;
    if (all.some((job) => job.jobName === jobName))
      throw conflict('A model invocation job with this name already exists.');
    const isOverLimit = this.#unfinished() >= jobLimit;
    if (isOverLimit && jobLimitRefusal === 'create')
      throw new ServiceError(400, 'ServiceQuotaExceededException', QUOTA);

    const id = randomBytes(ID_BYTES).toString('hex');
    const { s3Uri: inputUri } = request.inputDataConfig.s3InputDataConfig;
    const input = await fetchInput(this.#buckets, inputUri, this.jobs.inputPath(id));
    return this.jobs.create({
      ...input,
      id,
      jobName,
      key: jobName,
      // All submissions of a batch share a name but for its number.
      group: jobName.replace(/-\d+$/, ''),
      ...(clientRequestToken === undefined ? {} : { clientRequestToken }),
      modelId,
      roleArn,
      invocationType: request.modelInvocationType,
      inputUri,
      outputUri: request.outputDataConfig.s3OutputDataConfig.s3Uri,
      isOverLimit,
    });
  }

  /** @throws ServiceError 404 */
  get(identifier: string): BedrockJob {
    const job = this.jobs.get(jobIdOf(identifier));
    if (job) return job;
    throw new ServiceError(404, 'ResourceNotFoundException', 'The job was not found.');
  }

  /** @throws ServiceError when there is no such job, or it has ended */
  stop(identifier: string): void {
    const job = this.get(identifier);
    if (this.jobs.momentOf(job).reachedAt !== undefined)
      throw conflict('The job has ended and cannot be stopped.');
    this.jobs.cancel(job.id);
  }

  #unfinished(): number {
    return this.jobs.all().filter((job) => this.jobs.momentOf(job).reachedAt === undefined).length;
  }

  #kind(): JobKind<BedrockJob> {
    return {
      idOf: ({ recordId }) => String(recordId),
      errorsOf: ({ problem, isOverLimit, word }) => {
        if (problem !== undefined) return [{ code: 'invalid', message: problem }];
        if (isOverLimit || word === 'failed_quota') return [{ code: 'quota', message: QUOTA }];
        const message = 'The input data is malformed: refused by plan.';
        return word === 'failed_invalid' ? [{ code: 'invalid', message }] : [];
      },
      write: async (job, requests) => {
        const path = join(this.#options.dataDir, 'outputs', `${job.id}.out`);
        const folder = `${job.outputUri.replace(/\/$/, '')}/${job.id}/`;
        const written = await writeOutput(path, job, requests);
        await this.#buckets.write(`${folder}${job.inputUri.split('/').at(-1)}.out`, path);
        await writeFile(path, JSON.stringify(manifestOf(job, written)));
        await this.#buckets.write(`${folder}manifest.json.out`, path);
        await rm(path);
        return written;
      },
    };
  }
}

type Written = Awaited<ReturnType<typeof writeOutput>>;

function manifestOf({ records }: BedrockJob, { succeeded, failed, usage }: Written) {
  return {
    totalRecordCount: records,
    processedRecordCount: succeeded + failed,
    successRecordCount: succeeded,
    errorRecordCount: failed,
    inputTokenCount: usage.inputTokens,
    outputTokenCount: usage.outputTokens,
  };
}

const ARN_PREFIX = `arn:aws:bedrock:${LOCAL_REGION}:${LOCAL_ACCOUNT_ID}:model-invocation-job/`;

export function arnOf(id: string): string {
  return `${ARN_PREFIX}${id}`;
}

/** A job may be named by its ARN or by the end of it. */
function jobIdOf(identifier: string): string {
  return identifier.startsWith(ARN_PREFIX) ? identifier.slice(ARN_PREFIX.length) : identifier;
}

const STATUSES: Record<Moment['status'], string> = {
  validating: 'Validating',
  failed: 'Failed',
  in_progress: 'InProgress',
  finalizing: 'InProgress',
  completed: 'Completed',
  expired: 'PartiallyCompleted',
  cancelling: 'Stopping',
  cancelled: 'Stopped',
};

/** A job as the API shows it at one moment. Fields that are undefined are not sent. */
export function jobObject(job: BedrockJob, moment: Moment) {
  const { status, settled, reachedAt } = moment;
  const processed = settled ? settled.succeeded + settled.failed : ranRequests(job, moment);
  const message = status === 'failed' ? job.inspection?.errors[0]?.message : undefined;
  return {
    jobArn: arnOf(job.id),
    jobName: job.jobName,
    modelId: job.modelId,
    clientRequestToken: job.clientRequestToken,
    roleArn: job.roleArn,
    status: STATUSES[status],
    message,
    submitTime: isoTime(job.createdAt),
    lastModifiedTime: isoTime(reachedAt ?? moment.inProgressAt ?? job.createdAt),
    endTime: reachedAt === undefined ? undefined : isoTime(reachedAt),
    inputDataConfig: { s3InputDataConfig: { s3InputFormat: 'JSONL', s3Uri: job.inputUri } },
    outputDataConfig: { s3OutputDataConfig: { s3Uri: job.outputUri } },
    modelInvocationType: job.invocationType,
    totalRecordCount: job.records,
    processedRecordCount: processed,
    successRecordCount: settled?.succeeded,
    errorRecordCount: settled?.failed,
  };
}

function isoTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
