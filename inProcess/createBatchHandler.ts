import { type Composition, compose } from './compose.ts';
import { Bell } from './consumers.ts';
import { type BatchHandlerOptions, checkOptions } from './options.ts';
import { Run, type RunOptions } from './run.ts';

/** A handler in this process, on a directory. */
export interface BatchHandler {
  /** The directory where everything is kept. */
  readonly directory: string;
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
  let running: { readonly run: Run; readonly ended: Promise<void> } | undefined;
  let isClosed = false;

  async function stop(): Promise<void> {
    running?.run.stop();
    await running?.ended;
  }

  return {
    directory: checked.directory,
    async run(runOptions = {}) {
      if (isClosed) throw new Error('run: the handler was closed; create another one');
      if (running) throw new Error('run: the handler is running already; stop it first');
      const run = new Run(checked, composition, bell);
      const working = run.work(runOptions);
      running = { run, ended: working.catch(() => {}) };
      try {
        await working;
      } finally {
        running = undefined;
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
