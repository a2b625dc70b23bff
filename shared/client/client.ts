import { type AddedBatch, addBatch, type NewBatch } from './addBatch.ts';
import type { BatchInfo } from './batchInfo.ts';
import {
  commandProvider,
  type ProviderCommandOptions,
  readUnreadable,
  removeUnreadable,
  type SentCommand,
  type SentMessage,
  sendCommand,
  type UnreadableBatch,
} from './commands.ts';
import type { Handler, HandlerConnection } from './connection.ts';
import { createDescriber } from './describe.ts';
import { getParts, listBatches } from './listBatches.ts';
import { listPage, type Page, type PageOptions } from './listPage.ts';
import type { ProviderInfo } from './providerInfo.ts';
import type { BatchFilter } from './readBatches.ts';
import {
  type FailedRow,
  openRows,
  type RowFile,
  type RowKind,
  readRows,
  type SucceededRow,
} from './rows.ts';
import type { UploadOptions } from './upload.ts';
import { type WaitOptions, waitForCommand, waitForEnd } from './wait.ts';

/**
 * A client for a handler. Its methods throw `ClientError` for what the caller can fix, and the errors
 * of the AWS SDK, or of what takes its place, otherwise.
 */
export interface BatchHandlerClient {
  readonly handler: Handler;
  /** The ports behind this client, for tools that need more than its methods. */
  readonly connection: HandlerConnection;

  /**
   * Uploads the requests, unless they are in S3, and sends the message that adds the batch. It can be
   * repeated: the default id is made of the file's name and content, and a batch that exists with the
   * same input and options is not added again. An iterable without a `batchId` is first written to a
   * temporary file, because its content gives it the id.
   *
   * @returns as soon as the message is sent. The handler may still refuse it: see `waitForBatch`
   * @throws ClientError `invalid_input`, or `batch_exists` if the id is taken by a batch with another
   *   input or other options
   */
  addBatch(batch: NewBatch, options?: UploadOptions): Promise<AddedBatch>;
  /**
   * Reads a batch.
   *
   * @param batchId the id; `<batchId>/<n>` is the id of a part
   * @returns undefined if there is no such batch
   */
  getBatch(batchId: string): Promise<BatchInfo | undefined>;
  /** The parts of a batch that is too large for one job, in order. Of any other batch, none. */
  getParts(batchId: string): Promise<readonly BatchInfo[]>;
  /**
   * All batches, without parts. `status: 'open'` reads only those that have not ended, in no order. Any
   * other filter reads the newest first, and what it shows: `since` says how far back.
   *
   * @throws ClientError `invalid_input` for a time that is none
   */
  listBatches(filter?: BatchFilter): AsyncGenerator<BatchInfo>;
  /**
   * One page of the batches, the newest first, without parts. Costs what it shows, however many there
   * are. Pass the `cursor` of a page to get the next; the last has none.
   *
   * @throws ClientError `invalid_input` for a limit, a time or a cursor that is none
   */
  listPage(options?: PageOptions): Promise<Page<BatchInfo>>;
  /**
   * Waits until the batch has ended, whatever its last status.
   *
   * @param batch the id, or the result of `addBatch`, which the handler may still refuse
   * @throws ClientError `unknown_batch`, `refused` or `timeout`; the reason of the signal
   */
  waitForBatch(batch: string | AddedBatch, options?: WaitOptions<BatchInfo>): Promise<BatchInfo>;

  /**
   * Streams the rows of the requests that succeeded, in the order of the input.
   *
   * @typeParam Body the type of the endpoint's answer. It is not checked.
   * @throws ClientError `unknown_batch`, or `no_rows` if the batch has none or they have expired
   */
  results<Body = unknown>(batchId: string): AsyncGenerator<SucceededRow<Body>>;
  /**
   * Streams the rows of the requests that did not succeed, or the refused lines of a refused input.
   *
   * @throws ClientError as `results`
   */
  errors(batchId: string): AsyncGenerator<FailedRow>;
  /**
   * Opens the same rows as a stream of bytes.
   *
   * @throws ClientError as `results`
   */
  openRows(batchId: string, kind: RowKind): Promise<RowFile>;

  /**
   * Asks the handler to cancel a batch. It cancels the job and keeps the rows that the batch has.
   *
   * @throws ClientError `unknown_batch`, `not_possible` or `invalid_input`
   */
  cancel(batchId: string): Promise<SentCommand>;
  /**
   * Asks the handler to run the requests of an ended batch again that did not succeed.
   *
   * @throws ClientError as `cancel`
   */
  retry(batchId: string): Promise<SentCommand>;
  /**
   * Asks the handler to deliver an ended batch to the processor again.
   *
   * @throws ClientError as `cancel`
   */
  redeliver(batchId: string): Promise<SentCommand>;
  /**
   * Reads what can be told of a batch whose record cannot be read, such as the job that may still run.
   *
   * @throws ClientError `unknown_batch`, or `not_possible` if it can be read
   */
  readUnreadable(batchId: string): Promise<UnreadableBatch>;
  /**
   * Asks the handler to remove the record of a batch that cannot be read. The record is kept in the
   * bucket, under `batches/<batchId>/`. A job of the batch may run on.
   *
   * @throws ClientError as `readUnreadable`
   */
  removeUnreadable(batchId: string): Promise<SentMessage>;
  /**
   * Waits until the record shows that a command was carried out.
   *
   * @throws ClientError `refused` or `timeout`; the reason of the signal
   */
  waitForCommand(sent: SentCommand, options?: WaitOptions<BatchInfo>): Promise<BatchInfo>;

  /**
   * Reads the state of every provider entry: its jobs, its queue, what it has refused and what was
   * spent. Of a queue and of the jobs, at most 5,000 are read.
   */
  providers(): Promise<readonly ProviderInfo[]>;
  /**
   * Stops the handler from starting jobs at a provider entry; running jobs continue. Waits until the
   * handler has carried it out.
   *
   * @throws ClientError `invalid_input` if there is no such entry, or `timeout`
   */
  pauseProvider(provider: string, options?: ProviderCommandOptions): Promise<void>;
  /**
   * Ends a pause, and the time that a provider is blocked or cools down after a refusal. Waits until
   * the handler has carried it out.
   *
   * @throws ClientError as `pauseProvider`
   */
  resumeProvider(provider: string, options?: ProviderCommandOptions): Promise<void>;
}

/** A client for the handler of a connection. */
export function clientOf(connection: HandlerConnection): BatchHandlerClient {
  const { handler, batches } = connection;
  const { describe, forList, world } = createDescriber(connection);
  const forBatches = ({ onPoll, ...rest }: WaitOptions<BatchInfo>): WaitOptions => ({
    ...rest,
    onPoll: onPoll && (async (batch) => onPoll(await describe(batch))),
  });
  const command = async (
    action: 'pause' | 'resume',
    provider: string,
    more: ProviderCommandOptions | undefined,
  ) => {
    await commandProvider(connection, action, provider, more);
    world.forget(provider);
  };
  return {
    handler,
    connection,
    addBatch: (batch, more) => addBatch(connection, batch, more),
    async getBatch(batchId) {
      const batch = await batches.get(batchId);
      return batch && describe(batch);
    },
    async getParts(batchId) {
      const parts = await getParts(connection, batchId);
      const describeNext = forList();
      return Promise.all(parts.map(describeNext));
    },
    async *listBatches(filter = {}) {
      const describeNext = forList();
      for await (const batch of listBatches(connection, filter)) yield describeNext(batch);
    },
    async listPage(options = {}) {
      const page = await listPage(connection, options, Date.now());
      const describeNext = forList();
      return { ...page, batches: await Promise.all(page.batches.map(describeNext)) };
    },
    waitForBatch: async (batch, more = {}) =>
      describe(await waitForEnd(connection, batch, forBatches(more))),
    results: <Body>(batchId: string) =>
      readRows(connection, batchId, 'results') as AsyncGenerator<SucceededRow<Body>>,
    errors: (batchId) => readRows(connection, batchId, 'errors') as AsyncGenerator<FailedRow>,
    openRows: (batchId, kind) => openRows(connection, batchId, kind),
    cancel: (batchId) => sendCommand(connection, 'cancel', batchId),
    retry: (batchId) => sendCommand(connection, 'retry', batchId),
    redeliver: (batchId) => sendCommand(connection, 'redeliver', batchId),
    readUnreadable: (batchId) => readUnreadable(connection, batchId),
    removeUnreadable: (batchId) => removeUnreadable(connection, batchId),
    waitForCommand: async (sent, more = {}) =>
      describe(await waitForCommand(connection, sent, forBatches(more))),
    providers: async () => world.providers(await connection.providerStates.list(), Date.now()),
    pauseProvider: (provider, more) => command('pause', provider, more),
    resumeProvider: (provider, more) => command('resume', provider, more),
  };
}
