import type { AddedBatch, NewBatch } from '../shared/client/addBatch.ts';
import { type BatchHandlerClient, clientOf } from '../shared/client/client.ts';
import { type Composition, compose, describe } from './compose.ts';
import { Bell } from './consumers.ts';
import { announceProcess, writeDescription } from './directory.ts';
import { connectDirectory } from './openDirectory.ts';
import { type BatchHandlerOptions, checkOptions } from './options.ts';
import { Run, type RunOptions } from './run.ts';

/**
 * A handler in this process, on a directory, with all methods of the client of a deployed handler. They need
 * no run: what they add or ask for is done by the next one, or by the one of another process.
 */
export interface BatchHandler extends BatchHandlerClient {
  /** The directory where everything is kept. */
  readonly directory: string;
  /**
   * Adds a file of requests as a batch. The same file is added once, however often this is called.
   *
   * @param file path of a JSONL file in the OpenAI batch format
   * @param fields of a message, such as `provider`, `priority` or `metadata`. Default: none
   * @throws ClientError `invalid_input`, `batch_exists`
   */
  add(file: string, fields?: Omit<NewBatch, 'file' | 'requests'>): Promise<AddedBatch>;
  /**
   * Works on the batches of the directory: until it is stopped or, with `untilIdle`, until there is nothing
   * left to do. What it was doing when it was stopped or killed is done in the next run.
   *
   * @throws Error if it is running already
   */
  run(options?: RunOptions): Promise<void>;
  /** Stops the run after the work in hand, at the latest after ten seconds. Resolves when it has stopped. */
  stop(): Promise<void>;
  /** Stops the run and closes the directory. The handler cannot be used afterwards. */
  close(): Promise<void>;
}

/**
 * Creates a handler that runs batches in this process, without AWS: its state is an SQLite database and files
 * in one directory.
 *
 * @throws TypeError for options that are wrong, Error if the directory cannot be used
 */
export function createBatchHandler(options: BatchHandlerOptions): BatchHandler {
  const checked = checkOptions(options);
  const bell = new Bell();
  const composition: Composition = compose(checked, () => bell.ring());
  const { table, queues, objects } = composition;
  const { directory } = checked;
  const description = describe(checked);
  writeDescription(directory, description);
  const client = clientOf(
    connectDirectory({ directory, description, items: table, objects, queues }),
  );
  let running: { readonly run: Run; readonly ended: Promise<void> } | undefined;
  let isClosed = false;

  async function stop(): Promise<void> {
    running?.run.stop();
    await running?.ended;
  }

  return {
    ...client,
    directory,
    add: (file, fields = {}) => client.addBatch({ ...fields, file }),
    async run(runOptions = {}) {
      if (isClosed) throw new Error('run: the handler was closed; create another one');
      if (running) throw new Error('run: the handler is running already; stop it first');
      const leave = announceProcess(directory);
      const run = new Run(checked, composition, bell);
      const working = run.work(runOptions);
      running = { run, ended: working.catch(() => {}) };
      try {
        await working;
      } finally {
        running = undefined;
        leave();
      }
    },
    stop,
    async close() {
      if (isClosed) return;
      isClosed = true;
      await stop();
      composition.database.close();
    },
  };
}
