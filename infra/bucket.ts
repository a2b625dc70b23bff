import { Duration, type RemovalPolicy } from 'aws-cdk-lib';
import * as s3 from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { acknowledge } from './acknowledgements.ts';

/** What the keys of the bucket begin with. */
export const PREFIX = {
  /** Where a user puts a file. */
  uploads: 'uploads/',
  /** Bodies that are too large for a message. */
  messages: 'uploads/messages/',
  /** Single requests on their way into a batch, and the files that are made of them. */
  collector: 'uploads/collector/',
  collected: 'uploads/collected-',
  /** Where a file becomes a batch by itself, with the prop `inbox`. */
  inbox: 'inbox/',
  /** Snapshots, inputs of jobs and merged rows. */
  batches: 'batches/',
  /** What the jobs of providers read and write that run on the bucket itself. */
  providerFiles: 'provider-files/',
  /** Where a processor may write. Kept: what is in there is not ours to throw away. */
  processed: 'processed/',
} as const;

/** What the keys end in that say why a file of the inbox was refused. */
export const REJECTION_SUFFIX = '.rejected.json';

/** As long as other providers keep the files of a job: they are deleted when it has ended. */
const PROVIDER_FILES_AGE = Duration.days(30);

/** @param keep how long after an object was written its batch may still need it */
export function createBucket(
  scope: Construct,
  keep: Duration,
  removalPolicy: RemovalPolicy,
): s3.Bucket {
  const expiration = wholeDays(keep);
  const bucket = new s3.Bucket(scope, 'Bucket', {
    blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
    encryption: s3.BucketEncryption.S3_MANAGED,
    enforceSSL: true,
    minimumTLSVersion: 1.2,
    removalPolicy,
    lifecycleRules: [
      { id: 'unfinished-uploads', abortIncompleteMultipartUploadAfter: Duration.days(1) },
      { id: 'uploads', prefix: PREFIX.uploads, expiration },
      { id: 'batches', prefix: PREFIX.batches, expiration },
      { id: 'provider-files', prefix: PREFIX.providerFiles, expiration: PROVIDER_FILES_AGE },
    ],
  });
  acknowledge(
    bucket,
    'AwsSolutions-S1',
    'Access logs need a second bucket that would hold object keys for longer than the objects live; an account that audits S3 does so with CloudTrail data events.',
  );
  return bucket;
}

/** As S3 counts, and no shorter. */
export function wholeDays(duration: Duration): Duration {
  return Duration.days(Math.ceil(duration.toDays({ integral: false })));
}
