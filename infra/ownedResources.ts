import type * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import type * as iam from 'aws-cdk-lib/aws-iam';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import { HandlerMetrics } from './monitoring/handlerMetrics.ts';
import { grantManageKeys } from './resources/apiGrants.ts';
import type { HandlerResources } from './resources/functions.ts';
import type { Queues } from './resources/queues.ts';
import { ownedBucket, ownedQueues, ownedTable } from './resources/replaced.ts';
import { grantAdd, grantClient, grantRead } from './resources/userGrants.ts';

/** The resources of a handler that others use, and the access that they can be given. */
export abstract class OwnedResources extends HandlerMetrics {
  /** @internal */
  abstract readonly resources: HandlerResources;

  /**
   * Holds batches, provider states, the lock of the sweep and the records of processors with `once`.
   *
   * @throws ConfigurationError if `runtime.replaces` names what replaces it
   */
  get table(): dynamodb.ITable {
    return ownedTable(this.resources);
  }

  /**
   * Holds inputs, results and errors. Upload inputs to `uploads/<batchId>.jsonl`, below the
   * prop `bucketPrefix`.
   *
   * @throws ConfigurationError if `runtime.replaces` names what replaces it
   */
  get bucket(): s3.IBucket {
    return ownedBucket(this.resources);
  }

  /**
   * Receives messages that add and command batches, and that pause and resume providers.
   *
   * @throws ConfigurationError if `runtime.replaces` names what replaces it
   */
  get queue(): sqs.IQueue {
    return this.queues.intake.queue;
  }

  /**
   * Receives refused messages of `queue`, with the reason as a message attribute.
   *
   * @throws ConfigurationError if `runtime.replaces` names what replaces it
   */
  get deadLetterQueue(): sqs.IQueue {
    return this.queues.intake.deadLetterQueue;
  }

  /**
   * All queues with their dead-letter queues, by the function that consumes each.
   *
   * @throws ConfigurationError if `runtime.replaces` names what replaces them
   */
  get queues(): Queues {
    return ownedQueues(this.resources);
  }

  /** Allows adding batches: uploading files to `uploads/*` and sending messages to the queue. */
  grantAdd(grantee: iam.IGrantable): iam.Grant {
    return grantAdd(grantee, this, this.resources);
  }

  /** Allows reading the state and the rows of batches, as the client library does. */
  grantRead(grantee: iam.IGrantable): iam.Grant {
    return grantRead(grantee, this, this.resources);
  }

  /**
   * Allows everything that the client library does: adding, reading and commanding batches, and pausing
   * and resuming providers.
   */
  grantClient(grantee: iam.IGrantable): iam.Grant {
    return grantClient(grantee, this, this.resources);
  }

  /** Allows `batch-handler keys`: making, listing and revoking keys of the HTTP API. */
  grantManageKeys(grantee: iam.IGrantable): iam.Grant {
    return grantManageKeys(grantee, this, this.resources);
  }
}
