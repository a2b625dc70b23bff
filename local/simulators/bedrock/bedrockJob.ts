import type { JobRecord } from '../jobs/jobRecord.ts';

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
