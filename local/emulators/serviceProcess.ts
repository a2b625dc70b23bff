import { type ChildProcess, fork } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { childEnvironment } from '../childEnvironment.ts';

/** How long a service may take to start, on a busy machine. */
const START_TIMEOUT_MS = 60_000;
/** How long a service may take to end before it is killed. */
const STOP_TIMEOUT_MS = 5_000;
const INTERRUPT_GRACE_MS = 250;

export interface ServiceProcess {
  /** The message that the process sent when it was ready. */
  readonly ready: unknown;
  /** Resolves with the reason when the process ends unexpectedly. */
  readonly died: Promise<string>;
  /** Ends the process by closing its IPC channel, and waits until it has ended. */
  stop(): Promise<void>;
}

/**
 * Runs a script as a process of its own. The script gets its options as JSON in the first argument,
 * sends one message when it is ready and exits on `disconnect`. So it never outlives this process,
 * however this one dies.
 *
 * @param logFile the file for everything that the process prints
 * @throws Error with the last line of the log if the process ends before it is ready
 */
export async function startService(
  name: string,
  script: string,
  options: object,
  logFile: string,
): Promise<ServiceProcess> {
  const child = forkLogged(script, [JSON.stringify(options)], logFile);
  let stopping = false;
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
  const died = ended.then(async (how) => {
    // ^C reaches all processes of the terminal, so this one may see the other end before its own signal.
    await wait(INTERRUPT_GRACE_MS, undefined, { ref: false });
    if (stopping) return new Promise<string>(() => {});
    return `${name} ended (${how}): ${lastLine(logFile)}`;
  });
  const stop = async (): Promise<void> => {
    stopping = true;
    if (child.connected) child.disconnect();
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await ended;
    clearTimeout(timer);
  };

  const ready = await new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`${name} was not ready after ${START_TIMEOUT_MS / 1000} s; see ${logFile}`));
    }, START_TIMEOUT_MS);
    child.once('message', (message) => {
      clearTimeout(timer);
      resolve(message);
    });
    ended.then((how) => {
      clearTimeout(timer);
      reject(new Error(`${name} did not start (${how}): ${lastLine(logFile)}`));
    });
  });
  return { ready, died, stop };
}

function forkLogged(script: string, args: readonly string[], logFile: string): ChildProcess {
  mkdirSync(dirname(logFile), { recursive: true });
  const log = openSync(logFile, 'a');
  try {
    return fork(script, args, {
      stdio: ['ignore', log, log, 'ipc'],
      env: childEnvironment(),
      execArgv: [],
    });
  } finally {
    closeSync(log);
  }
}

/** The error that ended the process, or the last line of its log. */
function lastLine(logFile: string): string {
  const lines = readFileSync(logFile, 'utf8').trimEnd().split('\n');
  return lines.findLast((line) => /^\w*Error\b.*: /.test(line)) ?? lines.at(-1) ?? '';
}

/** Sends the message of a service process that it is ready. */
export function announceReady(message: object): void {
  process.send?.(message);
}

/** Ends this process with its parent and ignores ^C, which the parent handles. */
export function endWithParent(close: () => Promise<void>): void {
  process.on('SIGINT', () => {});
  process.once('disconnect', () => {
    close().finally(() => process.exit(0));
    // Closing may hang, but a process without a parent must end.
    setTimeout(() => process.exit(1), 2_000).unref();
  });
}
