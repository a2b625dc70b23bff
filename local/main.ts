import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { ClientError } from '../shared/client/clientError.ts';
import { isRunning } from '../shared/client/localStack.ts';
import { parseCommandLine, UsageError } from './commandLine.ts';
import { checkEmulators } from './emulators/emulators.ts';
import { EXIT_INTERRUPTED, run } from './run.ts';

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

const LOOK_MS = 500;
const SHELL = /(^|\/)-?(sh|dash|ash|bash|zsh)$/;

/**
 * Watches the npm that started this process. When npm is killed, its scripts go on unseen, and
 * this one would hold the data that the next run needs.
 *
 * @param onGone is called once, when npm has ended before this process
 */
async function watchNpm(onGone: () => void): Promise<void> {
  if (process.env.npm_lifecycle_event === undefined) return;
  const npm = await npmProcessId(process.ppid);
  const timer = setInterval(() => {
    if (npm === undefined || isRunning(npm)) return;
    clearInterval(timer);
    onGone();
  }, LOOK_MS);
  timer.unref();
}

/** npm runs a script through a shell, and some shells stay between the two. */
async function npmProcessId(parent: number): Promise<number | undefined> {
  try {
    const args = ['-o', 'ppid=,comm=', '-p', String(parent)];
    const { stdout } = await promisify(execFile)('ps', args);
    const [grandparent, command = ''] = stdout.trim().split(/\s+/);
    return SHELL.test(command) ? Number(grandparent) : parent;
  } catch {
    // Without ps there is nothing to watch: then a killed npm leaves this run to ^C.
    return undefined;
  }
}
