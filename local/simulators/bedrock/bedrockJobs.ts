import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { JobKind } from '../jobs/jobKind.ts';
import { Jobs } from '../jobs/jobs.ts';
import type { Journal } from '../journal.ts';
import type { BedrockJob } from './bedrockJob.ts';
import type { Buckets } from './bucket.ts';
import type { CreateRequest } from './createRequest.ts';
import { conflict, ServiceError } from './errors.ts';
import { fetchInput } from './input.ts';
import { jobIdOf } from './jobObject.ts';
import type { BedrockOptions } from './options.ts';
import { writeOutput } from './output.ts';

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
