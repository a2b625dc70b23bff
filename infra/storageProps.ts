import type * as kms from 'aws-cdk-lib/aws-kms';
import type { GivenBucket } from './given/bucket.ts';
import type { GivenQueue } from './given/queue.ts';
import type { GivenTable } from './given/table.ts';

/** Under `exactOptionalPropertyTypes` the classes do not implement their interfaces. */
type Key = kms.IKey | kms.Key;

/** Resources of your own in the place of those that the handler creates: docs/storage.md. */
export interface StorageProps {
  /**
   * The bucket of inputs, results and errors. The handler uses the keys below `bucketPrefix` only, and
   * deletes nothing else. To a bucket of the app it adds lifecycle rules for its own prefixes; of an
   * imported one, an info at synthesis names the rules to add.
   *
   * @default - a bucket is created
   */
  readonly bucket?: GivenBucket;
  /**
   * What all keys of the handler begin with, such as `llm-batches/`. It must end with a slash and must
   * not begin with one. Handlers that share a bucket need prefixes of which none begins with another.
   *
   * @default - no prefix
   */
  readonly bucketPrefix?: string;
  /**
   * The table of batches and provider states, used by this handler alone. It needs the key, the indexes
   * and the time to live of `batchTableSchema()`.
   *
   * @default - a table is created
   */
  readonly table?: GivenTable;
  /**
   * The queue that users send to: a standard queue with a dead-letter queue and a visibility timeout of
   * at least 6 minutes, used by this handler alone. For an imported queue, give both:
   * `{ queue, deadLetterQueue }`.
   *
   * @default - a queue with a dead-letter queue is created
   */
  readonly queue?: GivenQueue;
  /**
   * A customer managed key that encrypts everything: the table, the bucket, the queues, the secrets, the
   * logs and the environment of the functions. The handler grants every use of it. An imported key must
   * let IAM policies of the account decide, and CloudWatch Logs use it: docs/security.md.
   *
   * @default - keys that AWS owns
   */
  readonly encryptionKey?: Key;
}
