import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { isRunning } from '../shared/client/isRunning.ts';

const LOOK_MS = 500;
const SHELL = /(^|\/)-?(sh|dash|ash|bash|zsh)$/;

/**
 * Watches the npm that started this process. When npm is killed, its scripts go on unseen, and
 * this one would hold the data that the next run needs.
 *
 * @param onGone is called once, when npm has ended before this process
 */
export async function watchNpm(onGone: () => void): Promise<void> {
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
