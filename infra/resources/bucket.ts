import { Duration, type RemovalPolicy } from 'aws-cdk-lib';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as s3 from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { acknowledge } from '../acknowledgements.ts';

/** Prefixes of the bucket's keys. */
export const PREFIX = {
  /** Input files that users upload. */
  uploads: 'uploads/',
  /** Message bodies that are too large for SQS. */
  messages: 'uploads/messages/',
  /** Single requests that the collector has not yet put into a batch. */
  collector: 'uploads/collector/',
  /** Input files that the collector has joined from single requests. */
  collected: 'uploads/collected-',
  /** Input files that clients of the HTTP API have uploaded. */
  files: 'uploads/files/',
  /** The parts of uploads that the worker puts together to such files. */
  uploadParts: 'uploads/parts/',
  /** Files that become batches by themselves, with the prop `inbox`. */
  inbox: 'inbox/',
  /** Snapshots, inputs of jobs and merged rows. */
  batches: 'batches/',
  /** Inputs and outputs of jobs that a provider runs on this bucket. */
  providerFiles: 'provider-files/',
  /** Files of the processor. They never expire, because they belong to the user. */
  processed: 'processed/',
} as const;

/** Suffix of the key that says why a file of the inbox was refused. */
export const REJECTION_SUFFIX = '.rejected.json';

/** Matches the 30 days that other providers keep a job's files. They are deleted earlier, when the job has ended. */
const PROVIDER_FILES_AGE = Duration.days(30);

/** An upload takes parts for a day, and its worker may be held up over a weekend. */
const UPLOAD_PARTS_AGE = Duration.days(3);

/** The prefixes of a handler's keys: those of `PREFIX` below its `bucketPrefix`. */
export type Prefixes = { readonly [Name in keyof typeof PREFIX]: string };

export function prefixesBelow(bucketPrefix: string): Prefixes {
  const entries = Object.entries(PREFIX).map(([name, prefix]) => [name, bucketPrefix + prefix]);
  return Object.fromEntries(entries) as Prefixes;
}

/** When the objects below a prefix may be deleted. Below a longer prefix, the expiry of that counts. */
interface Expiry {
  readonly id: string;
  readonly prefix: string;
  readonly expiration: Duration;
}

/**
 * When the handler's objects may be deleted, and not before.
 *
 * @param objectAge how long after an object was written its batch may still need it
 */
export function expiriesOf(
  prefixes: Prefixes,
  objectAge: Duration,
  { hasInbox, hasApi }: { readonly hasInbox: boolean; readonly hasApi: boolean },
): readonly Expiry[] {
  const expiration = toWholeDays(objectAge);
  return [
    { id: 'uploads', prefix: prefixes.uploads, expiration },
    { id: 'batches', prefix: prefixes.batches, expiration },
    { id: 'provider-files', prefix: prefixes.providerFiles, expiration: PROVIDER_FILES_AGE },
    ...(hasApi
      ? [{ id: 'upload-parts', prefix: prefixes.uploadParts, expiration: UPLOAD_PARTS_AGE }]
      : []),
    ...(hasInbox ? [{ id: 'inbox', prefix: prefixes.inbox, expiration }] : []),
  ];
}

export const UNFINISHED_UPLOADS_AGE = Duration.days(1);

interface BucketProps {
  readonly expiries: readonly Expiry[];
  readonly removalPolicy: RemovalPolicy;
  /** The prop `encryptionKey`. Default: S3's own keys. */
  readonly key: kms.IKey | undefined;
}

export function createBucket(
  scope: Construct,
  { expiries, removalPolicy, key }: BucketProps,
): s3.Bucket {
  const encryption = key
    ? { encryption: s3.BucketEncryption.KMS, encryptionKey: key, bucketKeyEnabled: true }
    : { encryption: s3.BucketEncryption.S3_MANAGED };
  const bucket = new s3.Bucket(scope, 'Bucket', {
    blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
    ...encryption,
    enforceSSL: true,
    minimumTLSVersion: 1.2,
    removalPolicy,
    lifecycleRules: [
      { id: 'unfinished-uploads', abortIncompleteMultipartUploadAfter: UNFINISHED_UPLOADS_AGE },
      ...expiries,
    ],
  });
  // A bucket that outlives its stack still refuses requests without TLS.
  bucket.policy?.applyRemovalPolicy(removalPolicy);
  acknowledge(
    bucket,
    'AwsSolutions-S1',
    'Access logs need a second bucket, which would hold object keys for longer than the objects live. An account that audits S3 uses CloudTrail data events.',
  );
  return bucket;
}

/** Rounds up, because S3 expires objects after whole days. */
export function toWholeDays(duration: Duration): Duration {
  return Duration.days(Math.ceil(duration.toDays({ integral: false })));
}
