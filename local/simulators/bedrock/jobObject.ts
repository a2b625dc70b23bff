import { LOCAL_ACCOUNT_ID, LOCAL_REGION } from '../../template/account.ts';
import { type Moment, ranRequests } from '../jobs/timeline.ts';
import type { BedrockJob } from './bedrockJob.ts';

const ARN_PREFIX = `arn:aws:bedrock:${LOCAL_REGION}:${LOCAL_ACCOUNT_ID}:model-invocation-job/`;

export function arnOf(id: string): string {
  return `${ARN_PREFIX}${id}`;
}

/** A job may be named by its ARN or by the end of it. */
export function jobIdOf(identifier: string): string {
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
