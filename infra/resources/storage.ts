import type { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { isTableReplaced, type PortName } from '../../shared/config.ts';
import type { BatchHandlerProps } from '../batchHandlerProps.ts';
import { checkPrefix, takeBucket } from '../given/bucket.ts';
import { checkPlace } from '../given/place.ts';
import { takeQueue } from '../given/queue.ts';
import { claim } from '../given/sharing.ts';
import { takeTable } from '../given/table.ts';
import type { StorageProps } from '../storageProps.ts';
import { createBucket, expiriesOf, type Prefixes, prefixesBelow } from './bucket.ts';
import { allowEvents, allowLogs } from './encryption.ts';
import { FUNCTION_SPECS } from './functions.ts';
import { createQueues, type HandlerQueues } from './queues.ts';
import { createTable } from './table.ts';

/** Where a handler keeps everything: what it creates, and what it was given. */
interface Storage {
  /** Undefined if a user's code replaces it, like the others. */
  readonly table: dynamodb.ITable | undefined;
  readonly bucket: s3.IBucket | undefined;
  readonly bucketPrefix: string;
  readonly prefixes: Prefixes;
  readonly queues: HandlerQueues;
  readonly encryptionKey: kms.IKey | undefined;
}

interface StorageOptions {
  /** How long after an object was written its batch may still need it. */
  readonly objectAge: Duration;
  readonly removalPolicy: RemovalPolicy;
  /** The ports that a user's code replaces. */
  readonly replaced: readonly PortName[];
}

/** @throws ConfigurationError for a resource that the handler could not work with */
export function createStorage(
  handler: Construct,
  props: StorageProps & Pick<BatchHandlerProps, 'inbox' | 'api'>,
  { objectAge, removalPolicy, replaced }: StorageOptions,
): Storage {
  const { bucketPrefix = '', inbox: hasInbox = false } = props;
  const key = props.encryptionKey as kms.IKey | undefined;
  checkPrefix(bucketPrefix);
  if (key) {
    const fix = () => 'give a key of the region of the handler, or the replica there';
    checkPlace(handler, key, 'encryptionKey', fix, ['region']);
    allowLogs(handler, key);
  }
  const { timeout: consumerTimeout } = FUNCTION_SPECS.intake;
  const queueUse = { consumerTimeout, key, receivesEvents: hasInbox };
  const given = props.queue && takeQueue(handler, props.queue, queueUse);
  const queues = createQueues(handler, FUNCTION_SPECS, {
    ...{ key, given },
    isReplaced: replaced.includes('queues'),
  });
  const table = isTableReplaced(replaced)
    ? undefined
    : props.table
      ? takeTable(handler, props.table, key)
      : (createTable(handler, removalPolicy, key) as dynamodb.ITable);
  const prefixes = prefixesBelow(bucketPrefix);
  const expiries = expiriesOf(prefixes, objectAge, { hasInbox, hasApi: Boolean(props.api) });
  const bucket = replaced.includes('objects')
    ? undefined
    : props.bucket
      ? takeBucket(handler, props.bucket, { expiries, bucketPrefix, key, hasInbox })
      : ownBucket(handler, { expiries, removalPolicy, key }, hasInbox);
  const queue = queues.intake?.queue;
  // Without the prop, a queue of the user's may still have a key.
  const queueKey = key ?? queue?.encryptionMasterKey;
  if (hasInbox && queueKey) allowEvents(handler, queueKey);
  if (table) claim(handler, 'table', table, table.tableArn);
  if (bucket) claim(handler, 'bucket', bucket, bucket.bucketArn, bucketPrefix);
  if (queue) claim(handler, 'queue', queue, queue.queueArn);
  return { table, bucket, bucketPrefix, prefixes, queues, encryptionKey: key };
}

function ownBucket(
  scope: Construct,
  props: Parameters<typeof createBucket>[1],
  hasInbox: boolean,
): s3.IBucket {
  const created = createBucket(scope, props);
  // The prop `eventBridgeEnabled` would add a custom resource with a function of CDK's own.
  if (hasInbox)
    (created.node.defaultChild as s3.CfnBucket).notificationConfiguration = {
      eventBridgeConfiguration: { eventBridgeEnabled: true },
    };
  return created as s3.IBucket;
}
