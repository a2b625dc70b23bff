import type { OwnPlace } from './ids.ts';
import type {
  AddMessageInput,
  CommandMessage,
  ProviderMessage,
  RemoveMessage,
} from './messages.ts';
import type { ByteRange, ObjectRef } from './ports.ts';

/** What the client and the command line need of a handler's objects and queues. */

/** A message that a user sends to the batch queue. */
export type UserMessage = AddMessageInput | CommandMessage | ProviderMessage | RemoveMessage;

/**
 * Size of the parts of an upload. S3 allows 10,000 parts, which makes 78 GiB. The emulator of S3
 * refuses parts over 11 MiB. The AWS CLI has the same size, so its uploads have the same ETags.
 */
export const UPLOAD_PART_BYTES = 8 * 1024 * 1024;

export interface UploadProgress {
  /**
   * Called as the upload goes on.
   *
   * @param bytes written so far
   */
  readonly onProgress?: ((bytes: number) => void) | undefined;
  /** Stops the upload, which then leaves no object behind. */
  readonly signal?: AbortSignal | undefined;
}

/** The objects of a handler, for its clients. */
export interface ClientObjects extends OwnPlace {
  /**
   * Reads the size in bytes and the ETag of an object, also of another bucket.
   *
   * @returns undefined if there is no such object
   * @throws RefusedError if it must not be read
   */
  head(object: ObjectRef): Promise<{ readonly bytes: number; readonly etag: string } | undefined>;
  /**
   * Streams an object, or a range of it.
   *
   * @throws Error if the stream breaks: it never ends early without an error
   */
  read(object: ObjectRef, range?: ByteRange): AsyncIterable<Uint8Array>;
  /**
   * Writes an object of the handler in constant memory. It appears complete or not at all.
   *
   * @param key the handler's, without its prefix
   * @throws the reason of the signal
   */
  upload(key: string, content: AsyncIterable<Uint8Array>, options?: UploadProgress): Promise<void>;
  /** Where a person finds an object: an `s3://` URL, or a path. */
  locationOf(object: ObjectRef): string;
}

/** A queue has this name whatever it is made of. `processor` holds deliveries of an in-process handler. */
export const QUEUE_NAMES = ['batch', 'work', 'outcome', 'collector', 'processor'] as const;
export type QueueName = (typeof QUEUE_NAMES)[number];

/** Approximate numbers of messages. */
export interface QueueDepth {
  /** Can be received. */
  readonly waiting: number;
  /** Received, and neither deleted nor visible again. */
  readonly inFlight: number;
  /** Sent with a delay that has not passed. */
  readonly delayed: number;
  /** All of them. */
  readonly total: number;
}

/** A message in a dead-letter queue. */
export interface DeadLetter {
  /** The id that the message was sent with. */
  readonly messageId: string;
  /** Milliseconds since 1970. */
  readonly sentAt: number;
  /** Why the handler put it there; undefined if it failed too often without a reason. */
  readonly reason: string | undefined;
  /** The batch that the message names, if any. */
  readonly batchId: string | undefined;
}

/** The dead letters of a queue. */
export interface DeadLetters {
  /** Approximate number of all. */
  readonly count: number;
  /** Some of them. */
  readonly samples: readonly DeadLetter[];
}

/** Progress in moving the messages of a dead-letter queue back. */
export interface MoveProgress {
  readonly status: 'running' | 'completed' | 'failed' | 'cancelled';
  readonly moved: number;
  /** Approximate number of messages to move; null if it is not known. */
  readonly toMove: number | null;
  /** Why the move failed. */
  readonly failure?: string | undefined;
}

export interface MoveOptions {
  /** Stops following the move, which may go on. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds between two looks at the progress. Default: 1000 */
  readonly pollMs?: number | undefined;
}

/** The queues of a handler, for its clients. */
export interface ClientQueues {
  /** The queues that the handler has. */
  readonly names: readonly QueueName[];
  /**
   * Sends a user's message to the batch queue.
   *
   * @returns the id of the message, by which the handler knows it, too
   */
  send(message: UserMessage): Promise<string>;
  /** Finds the message among the dead letters of the batch queue. May miss it in a long queue. */
  findRefused(messageId: string): Promise<DeadLetter | undefined>;
  depth(queue: QueueName): Promise<QueueDepth>;
  /** Approximate number of the dead letters of a queue. */
  countDeadLetters(queue: QueueName): Promise<number>;
  /** Counts the dead letters of a queue, reads some, and leaves all where they are. */
  deadLetters(queue: QueueName): Promise<DeadLetters>;
  /** Moves the dead letters of a queue back to it, and yields the progress until the move has ended. */
  redrive(queue: QueueName, options?: MoveOptions): AsyncGenerator<MoveProgress>;
}
