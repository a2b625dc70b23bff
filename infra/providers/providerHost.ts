import type { RemovalPolicy } from 'aws-cdk-lib';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import { ENVIRONMENT } from '../../shared/config.ts';
import { EntryArns } from './entryArns.ts';

/** A function that calls providers. */
export class ProviderCaller {
  readonly function: lambda.Function;
  readonly secrets: EntryArns;
  readonly jobRoles: EntryArns;

  constructor(caller: lambda.Function) {
    this.function = caller;
    this.secrets = new EntryArns(caller, ENVIRONMENT.secrets);
    this.jobRoles = new EntryArns(caller, ENVIRONMENT.jobRoles);
  }
}

/** What a handler has that its providers may need. */
export interface ProviderHost {
  /** Starts jobs and reads what they wrote. */
  readonly worker: ProviderCaller;
  /** Looks at jobs, looks for them, and ends them. */
  readonly sweeper: ProviderCaller;
  /** Looks at a job when its provider says that it has ended; absent: only sweeps look. */
  readonly listener?: ProviderCaller | undefined;
  readonly bucket: s3.Bucket;
  readonly removalPolicy: RemovalPolicy;
}
