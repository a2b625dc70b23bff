import { ClientError } from '../shared/client/clientError.ts';
import { parseCommandLine } from './commandLine.ts';
import { checkEmulators } from './emulators/installed.ts';
import { watchNpm } from './npmWatch.ts';
import { EXIT_INTERRUPTED, run } from './run.ts';
import { UsageError } from './usageError.ts';

/** npm hands ^C on to a script that has got it already: only a later one is a second one. */
const SECOND_INTERRUPT_MS = 1_000;

/**
 * A local run as a process: ^C ends it, and so it ends with its exit code.
 *
 * @param args the arguments behind the command
 * @param command what is typed to start it, for its help
 */
export async function main(args: readonly string[], command: string): Promise<never> {
  const interrupted = new AbortController();
  let interruptedAt = 0;
  const interrupt = (): void => {
    if (!interrupted.signal.aborted) {
      interruptedAt = Date.now();
      interrupted.abort(new Error('interrupted'));
    } else if (Date.now() - interruptedAt > SECOND_INTERRUPT_MS) process.exit(EXIT_INTERRUPTED);
  };
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);

  void watchNpm(interrupt);

  try {
    const options = parseCommandLine(args, command);
    if (options !== undefined) checkEmulators();
    process.exitCode = options === undefined ? 0 : await run(options, interrupted.signal);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    process.stderr.write(`${message}\n`);
    process.exitCode = error instanceof UsageError || error instanceof ClientError ? 2 : 1;
  }
  process.exit();
}
