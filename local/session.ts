import { join } from 'node:path';
import { type Additions, addBatch, selectBatches } from './additions.ts';
import {
  type BatchReader,
  type BatchView,
  createBatchReader,
  isOver,
  readRefusals,
  readViews,
  type Tracked,
} from './batches.ts';
import type { Ended } from './display.ts';
import { copyRows, listProcessed, rowFiles } from './results.ts';
import type { RunningStack } from './stack.ts';
import { findHandlerNames, type HandlerNames } from './stackSettings.ts';

/** What the run does with the batches of a running stack. */
export interface Session {
  readonly names: HandlerNames;
  readonly reader: BatchReader;
  /** Adds the files; gives everything that there is to wait for. */
  select(files: readonly string[]): Promise<readonly Tracked[]>;
  /** Why messages were refused, by message id. */
  refusals(): Promise<ReadonlyMap<string, string>>;
  views(tracked: readonly Tracked[]): Promise<readonly BatchView[]>;
  /** Copies the rows of those that are over and says where they are. */
  end(views: readonly BatchView[]): Promise<readonly Ended[]>;
  /** The same for a stack that can no longer be read. */
  withoutCopies(view: BatchView): Ended;
}

export function openSession(
  { resources, clients, emulatorUrl }: RunningStack,
  options: {
    readonly dataDirectory: string;
    readonly additions: Additions;
    readonly exampleFile: string;
    note(text: string): void;
  },
): Session {
  const names = findHandlerNames(resources);
  const { bucket } = names;
  const queueUrl = resources.queues.find(({ name }) => name === names.batchQueue)?.url ?? '';
  const resultDirectory = join(options.dataDirectory, 'results');
  const reader = createBatchReader(clients.dynamodb, names.table);
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
        add: (addition) => addBatch(clients, { bucket, queueUrl }, addition),
      });
    },
    refusals,
    views: (tracked) => readViews(tracked, reader, refusals),
    end: (views) =>
      Promise.all(
        views.map(async (view) => ({
          view,
          files: isOver(view)
            ? await copyRows(clients.s3, bucket, resultDirectory, view)
            : rowFiles(resultDirectory, view.batchId),
          processed: await listProcessed(clients.s3, bucket, view.batchId),
        })),
      ),
    withoutCopies: (view) => ({
      view,
      files: rowFiles(resultDirectory, view.batchId),
      processed: [],
    }),
  };
}
