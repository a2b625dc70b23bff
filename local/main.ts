import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { messageOf } from '../shared/batch/errors.ts';
import { ClientError } from '../shared/client/clientError.ts';
import { isRunning } from '../shared/client/localStack.ts';
import { parseCommandLine, UsageError } from './commandLine.ts';
import { checkEmulators } from './emulators/emulators.ts';
import { EXIT_INTERRUPTED, run } from './run.ts';

/** On ^C npm sends its script a second SIGINT at once. Only a later one is the user's second ^C. */
const SECOND_INTERRUPT_MS = 1_000;

/**
 * Runs the stack as this process. The first ^C stops it cleanly, a second one at once.
 *
 * @param args the arguments after the command
 * @param command the command, as the help shows it
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
    process.stderr.write(`${messageOf(error)}\n`);
    process.exitCode = error instanceof UsageError || error instanceof ClientError ? 2 : 1;
  }
  process.exit();
}

const NPM_POLL_MS = 500;
const SHELL = /(^|\/)-?(sh|dash|ash|bash|zsh)$/;

/**
 * Watches the npm that started this process. If npm is killed, its script keeps running, and this
 * one would lock the data directory that the next run needs.
 *
 * @param onGone is called once if npm ends before this process
 */
async function watchNpm(onGone: () => void): Promise<void> {
  if (process.env.npm_lifecycle_event === undefined) return;
  const npm = await npmProcessId(process.ppid);
  const timer = setInterval(() => {
    if (npm === undefined || isRunning(npm)) return;
    clearInterval(timer);
    onGone();
  }, NPM_POLL_MS);
  timer.unref();
}

/** npm runs a script through a shell, and some shells stay between npm and the script. */
async function npmProcessId(parent: number): Promise<number | undefined> {
  try {
    const args = ['-o', 'ppid=,comm=', '-p', String(parent)];
    const { stdout } = await promisify(execFile)('ps', args);
    const [grandparent, command = ''] = stdout.trim().split(/\s+/);
    return SHELL.test(command) ? Number(grandparent) : parent;
  } catch {
    // Without ps npm cannot be found. If it is killed, only ^C ends this run.
    return undefined;
  }
}
