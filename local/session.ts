import { join } from 'node:path';
import type { Batch } from '../shared/batch/record.ts';
import { connectAws } from '../shared/client/awsConnection.ts';
import { createDescriber, type Describer } from '../shared/client/describe.ts';
import { LOCAL_CREDENTIALS, LOCAL_REGION, LOG_DIRECTORY } from '../shared/client/localStack.ts';
import { type Additions, addBatch, selectBatches } from './additions.ts';
import {
  type BatchReader,
  type BatchView,
  createBatchReader,
  isFinished,
  readRefusals,
  readViews,
  type TrackedBatch,
} from './batches.ts';
import type { EndedBatch } from './display.ts';
import { copyRows, listProcessed, rowFiles } from './results.ts';
import type { RunningStack } from './stack.ts';
import { findHandlerNames, type HandlerNames } from './stackSettings.ts';

/** The batches of a running stack, as a run adds, watches and collects them. */
export interface Session {
  readonly names: Partial<HandlerNames>;
  readonly reader: BatchReader;
  /** Adds the files and returns all batches to wait for. */
  select(files: readonly string[]): Promise<readonly TrackedBatch[]>;
  /** Why messages were refused, by message id. */
  refusals(): Promise<ReadonlyMap<string, string>>;
  views(tracked: readonly TrackedBatch[]): Promise<readonly BatchView[]>;
  /** Copies the rows of the batches that have ended. */
  collectResults(views: readonly BatchView[]): Promise<readonly EndedBatch[]>;
  /** The batch without its results, for a stack that can no longer be read. */
  withoutResults(view: BatchView): EndedBatch;
}

export interface SessionOptions {
  readonly stackName: string;
  readonly dataDirectory: string;
  readonly additions: Additions;
  readonly exampleFile: string;
  note(text: string): void;
}

export function openSession(
  { resources, clients, emulatorUrl, endpointUrl }: RunningStack,
  options: SessionOptions,
): Session {
  const names = findHandlerNames(resources);
  const place = { bucket: names.bucket, prefix: names.bucketPrefix };
  const queueUrl = resources.queues.find(({ name }) => name === names.batchQueue)?.url ?? '';
  const resultDirectory = join(options.dataDirectory, 'results');
  const reader = createBatchReader(clients.dynamodb, names.table);
  const access = { endpoint: endpointUrl, region: LOCAL_REGION, credentials: LOCAL_CREDENTIALS };
  const logDirectory = join(options.dataDirectory, LOG_DIRECTORY);
  let describer: Promise<Describer | undefined> | undefined;
  // In a stack with several handlers, only the records tell of their batches.
  const describe = async (batch: Batch) => {
    describer ??= connectAws(access, options.stackName, { logDirectory }).then(
      createDescriber,
      () => undefined,
    );
    return (await describer)?.describe(batch);
  };
  const refusals = () => readRefusals(emulatorUrl, names.deadLetterQueue);
  return {
    names,
    reader,
    async select(files) {
      return selectBatches({
        ...options,
        files,
        reader,
        refused: await refusals(),
        add: (addition) => addBatch(clients, { ...place, queueUrl }, addition),
      });
    },
    refusals,
    views: (tracked) => readViews(tracked, reader, refusals, describe),
    collectResults: (views) =>
      Promise.all(
        views.map(async (view) => ({
          view,
          files: isFinished(view)
            ? await copyRows(clients.s3, place, resultDirectory, view)
            : rowFiles(resultDirectory, view.batchId),
          processed: await listProcessed(clients.s3, place, view.batchId),
        })),
      ),
    withoutResults: (view) => ({
      view,
      files: rowFiles(resultDirectory, view.batchId),
      processed: [],
    }),
  };
}
