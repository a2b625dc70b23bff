import type { AwsAccess } from '../aws/clients/base.ts';
import { addBatch, type NewBatch, type UploadOptions } from './addBatch.ts';
import { type BatchInfo, batchInfo } from './batchInfo.ts';
import {
  command,
  commandProvider,
  type ProviderCommandOptions,
  type Sent,
  type SentCommand,
} from './commands.ts';
import { connect, type Handler, type HandlerConnection } from './connection.ts';
import { type BatchFilter, getParts, listBatches } from './listBatches.ts';
import {
  type FailedRow,
  openRows,
  type RowFile,
  type RowKind,
  readRows,
  type SucceededRow,
} from './rows.ts';
import { type WaitOptions, waitForCommand, waitForEnd } from './wait.ts';

export interface ClientOptions extends AwsAccess {
  /** Name or ARN of the stack that holds the handler. */
  readonly stack: string;
  /** Path of the construct, in a stack that holds several. */
  readonly handler?: string | undefined;
}

/** Works with a deployed handler. Its methods throw ClientError for what their caller can put right. */
export interface BatchHandlerClient {
  readonly handler: Handler;
  /** What reads and writes the handler's state, for tools that go deeper. */
  readonly connection: HandlerConnection;

  /** Uploads the requests, unless they are in S3, and sends the message that adds the batch. */
  addBatch(batch: NewBatch, options?: UploadOptions): Promise<Sent>;
  /** Undefined if there is none. Of a part, the id is `<batchId>/<n>`. */
  getBatch(batchId: string): Promise<BatchInfo | undefined>;
  /** Of a batch that is too large for one job, its parts in order; else none. */
  getParts(batchId: string): Promise<readonly BatchInfo[]>;
  /**
   * Batches in no order. Those that have not ended are found through an index and read by key, so
   * `status: 'open'` costs what there is of them; any other filter reads the whole table.
   */
  listBatches(filter?: BatchFilter): AsyncGenerator<BatchInfo>;
  /**
   * Waits until the batch has ended, however it ends.
   *
   * @param batch its id; or what `addBatch` gave, which then may still be refused
   */
  waitForBatch(batch: string | Sent, options?: WaitOptions<BatchInfo>): Promise<BatchInfo>;

  /**
   * The rows of the requests that succeeded, in the order of the input, in constant memory.
   *
   * @typeParam Body what the batch's endpoint answers with. Taken on trust, not checked.
   */
  results<Body = unknown>(batchId: string): AsyncGenerator<SucceededRow<Body>>;
  /** The rows of those that did not; of an input that was refused, its bad lines. */
  errors(batchId: string): AsyncGenerator<FailedRow>;
  /** The same rows as bytes. */
  openRows(batchId: string, kind: RowKind): Promise<RowFile>;

  /** Stops a batch and keeps what it has. */
  cancel(batchId: string): Promise<SentCommand>;
  /** Runs again what did not succeed of a batch that has ended. */
  retry(batchId: string): Promise<SentCommand>;
  /** Calls the processor again. */
  redeliver(batchId: string): Promise<SentCommand>;
  /** Waits until the record shows that a command was carried out. */
  waitForCommand(sent: SentCommand, options?: WaitOptions<BatchInfo>): Promise<BatchInfo>;

  /** Starts nothing new at a provider entry; what runs goes on. Waits until the handler knows. */
  pauseProvider(provider: string, options?: ProviderCommandOptions): Promise<void>;
  /** Ends a pause, or a hold after a refusal. Waits until the handler knows. */
  resumeProvider(provider: string, options?: ProviderCommandOptions): Promise<void>;
}

/**
 * Finds the handler of a stack and gives a client for it.
 *
 * @throws ClientError if there is no such stack or handler
 */
export async function createClient(options: ClientOptions): Promise<BatchHandlerClient> {
  const { stack, handler: path, ...access } = options;
  const connection = await connect(access, stack, path);
  const { handler, batches } = connection;
  const { bucket } = handler.resources;
  const waiting = ({ onLook, ...rest }: WaitOptions<BatchInfo>): WaitOptions => ({
    ...rest,
    onLook: onLook && ((batch) => onLook(batchInfo(batch, bucket))),
  });
  return {
    handler,
    connection,
    addBatch: (batch, more) => addBatch(connection, batch, more),
    async getBatch(batchId) {
      const batch = await batches.get(batchId);
      return batch && batchInfo(batch, bucket);
    },
    async getParts(batchId) {
      const parts = await getParts(connection, batchId);
      return parts.map((part) => batchInfo(part, bucket));
    },
    async *listBatches(filter = {}) {
      for await (const batch of listBatches(connection, filter)) yield batchInfo(batch, bucket);
    },
    waitForBatch: async (batch, more = {}) =>
      batchInfo(await waitForEnd(connection, batch, waiting(more)), bucket),
    results: <Body>(batchId: string) =>
      readRows(connection, batchId, 'results') as AsyncGenerator<SucceededRow<Body>>,
    errors: (batchId) => readRows(connection, batchId, 'errors') as AsyncGenerator<FailedRow>,
    openRows: (batchId, kind) => openRows(connection, batchId, kind),
    cancel: (batchId) => command(connection, 'cancel', batchId),
    retry: (batchId) => command(connection, 'retry', batchId),
    redeliver: (batchId) => command(connection, 'redeliver', batchId),
    waitForCommand: async (sent, more = {}) =>
      batchInfo(await waitForCommand(connection, sent, waiting(more)), bucket),
    pauseProvider: (provider, more) => commandProvider(connection, 'pause', provider, more),
    resumeProvider: (provider, more) => commandProvider(connection, 'resume', provider, more),
  };
}
