import { Annotations, Duration, Resource, Stack } from 'aws-cdk-lib';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as s3 from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { ConfigurationError } from '../configurationError.ts';
import { type expiriesOf, UNFINISHED_UPLOADS_AGE } from '../resources/bucket.ts';
import { checkSameKey } from '../resources/encryption.ts';
import { checkPlace } from './place.ts';

/** Under `exactOptionalPropertyTypes` the class does not implement its interface. */
export type GivenBucket = s3.IBucket | s3.Bucket;

type Expiries = ReturnType<typeof expiriesOf>;

/** A key of 1,024 bytes has to hold a prefix, a batch id and two tokens. */
const MAX_PREFIX_LENGTH = 200;

/** @throws ConfigurationError for a prefix that no key could begin with */
export function checkPrefix(prefix: string): void {
  const problem = prefixProblem(prefix);
  if (problem === undefined) return;
  throw new ConfigurationError(
    `bucketPrefix is ${JSON.stringify(prefix)}: ${problem}, such as "llm-batches/"`,
  );
}

function prefixProblem(prefix: string): string | undefined {
  if (prefix === '') return undefined;
  if (!prefix.endsWith('/')) return 'it must end with a slash';
  if (prefix.startsWith('/')) return 'it must not begin with a slash';
  if (prefix.includes('//')) return 'it must have no empty folder';
  if (prefix.length > MAX_PREFIX_LENGTH)
    return `it must have at most ${MAX_PREFIX_LENGTH} characters`;
  // Other characters have to be encoded in URLs, or mean something in policies and event patterns.
  if (!/^[\w./-]+$/.test(prefix)) return 'it may have letters, digits, _ . - and slashes';
  if (prefix.split('/').some((folder) => folder === '.' || folder === '..'))
    return 'it must have no folder . or ..';
  return undefined;
}

interface BucketUse {
  /** When the handler's objects may be deleted. */
  readonly expiries: Expiries;
  readonly bucketPrefix: string;
  /** The prop `encryptionKey`. */
  readonly key: kms.IKey | undefined;
  readonly hasInbox: boolean;
}

/**
 * Checks the prop `bucket`, and adds the lifecycle rules of the handler's prefixes to a bucket of the
 * app. Of an imported one, an info names the rules.
 *
 * @returns the bucket, with the key by which it is encrypted as far as that is known
 * @throws ConfigurationError for a bucket that the handler could not work with
 */
export function takeBucket(scope: Construct, given: GivenBucket, use: BucketUse): s3.IBucket {
  const bucket = given as s3.IBucket;
  checkPlace(
    scope,
    bucket,
    'bucket:',
    (what) => `use a bucket of the same ${what}, since all files pass through it`,
  );
  checkSameKey('bucket', 'bucket', bucket, { key: use.key, own: bucket.encryptionKey });
  if (bucket instanceof s3.Bucket && Resource.isOwnedResource(bucket)) {
    addRules(bucket, use);
    if (use.hasInbox) bucket.enableEventBridgeNotification();
    scope.node.addValidation({ validate: () => earlyExpiries(bucket, use.expiries) });
    return bucket as s3.IBucket;
  }
  Annotations.of(scope).addInfoV2('batch-handler:bucketRules', rulesText(bucket, use));
  if (use.key === undefined || bucket.encryptionKey) return bucket;
  const { bucketName, bucketArn } = bucket;
  const attributes = { bucketName, bucketArn, encryptionKey: use.key };
  return s3.Bucket.fromBucketAttributes(scope, 'GivenBucket', attributes);
}

/** How long a deleted version stays, so that prompts do not outlive their batch. */
const DELETED_VERSIONS_AGE = Duration.days(1);

function addRules(bucket: s3.Bucket, { expiries, bucketPrefix }: BucketUse): void {
  const isVersioned = versioningOf(bucket) !== undefined;
  const ruleId = (name: string) => `batch-handler ${bucketPrefix}${name}`;
  for (const { id, prefix, expiration } of expiries)
    bucket.addLifecycleRule({
      ...{ id: ruleId(id), prefix, expiration },
      ...(isVersioned && { noncurrentVersionExpiration: DELETED_VERSIONS_AGE }),
    });
  bucket.addLifecycleRule({
    id: ruleId('unfinished-uploads'),
    prefix: bucketPrefix,
    abortIncompleteMultipartUploadAfter: UNFINISHED_UPLOADS_AGE,
  });
}

function versioningOf(bucket: s3.Bucket): string | undefined {
  const { versioningConfiguration } = bucket.node.defaultChild as s3.CfnBucket;
  return Stack.of(bucket).resolve(versioningConfiguration)?.status;
}

function rulesText(bucket: s3.IBucket, { expiries, bucketPrefix, hasInbox }: BucketUse): string {
  const rules = expiries.map(
    ({ prefix, expiration }) => `${prefix} after ${expiration.toDays()} days`,
  );
  const inbox = hasInbox
    ? ' Turn on its EventBridge notifications, too: the inbox gets its files by them.'
    : '';
  return `The bucket ${bucket.bucketName} is not of this app, and keeps its settings. Add lifecycle rules that expire ${rules.join(', ')}, and that abort incomplete multipart uploads below ${JSON.stringify(bucketPrefix)} after ${UNFINISHED_UPLOADS_AGE.toDays()} day; if it is versioned, let them also delete noncurrent versions after ${DELETED_VERSIONS_AGE.toDays()} day.${inbox}`;
}

/** A lifecycle rule as CloudFormation takes it. */
interface Rule {
  readonly id?: string;
  readonly status: string;
  readonly prefix?: string;
  readonly expirationDate?: unknown;
  readonly expirationInDays?: number;
  readonly tagFilters?: readonly unknown[];
  readonly transitions?: readonly { storageClass: string; transitionInDays?: number }[];
}

/** Classes whose objects have to be restored before anybody can read them. */
const ARCHIVES = ['GLACIER', 'DEEP_ARCHIVE'];

/**
 * The rules of a bucket that would take objects away before their batch has ended.
 *
 * @returns an error message with the fix for each
 */
function earlyExpiries(bucket: s3.Bucket, expiries: Expiries): string[] {
  const { lifecycleConfiguration } = bucket.node.defaultChild as s3.CfnBucket;
  const rules: readonly Rule[] = Stack.of(bucket).resolve(lifecycleConfiguration)?.rules ?? [];
  return (
    rules
      // The handler's objects have no tags.
      .filter(({ status, tagFilters = [] }) => status === 'Enabled' && tagFilters.length === 0)
      .flatMap((rule) => {
        const { id = '', prefix = '', expirationDate, expirationInDays, transitions = [] } = rule;
        const archived = transitions.filter(({ storageClass }) => ARCHIVES.includes(storageClass));
        const days = [expirationInDays, ...archived.map((each) => each.transitionInDays ?? 0)];
        if (expirationDate !== undefined) days.push(0);
        const first = Math.min(...days.filter((each) => each !== undefined));
        const hit = touched(expiries, prefix).find((own) => first < own.expiration.toDays());
        if (hit === undefined) return [];
        const when = expirationDate === undefined ? `after ${first} days` : 'on a fixed date';
        return [
          `bucket ${bucket.node.path}: its lifecycle rule ${id || JSON.stringify(prefix)} takes objects below ${hit.prefix} away ${when}, and batches need them for ${hit.expiration.toDays()}: limit the rule to other prefixes, or set bucketPrefix to a folder that it leaves alone`,
        ];
      })
  );
}

/** What a rule for the keys below a prefix takes away. */
function touched(expiries: Expiries, prefix: string): Expiries {
  const around = expiries.filter((own) => prefix.startsWith(own.prefix));
  const closest = around.toSorted((a, b) => b.prefix.length - a.prefix.length).slice(0, 1);
  return [...closest, ...expiries.filter((own) => own.prefix.startsWith(prefix))];
}
