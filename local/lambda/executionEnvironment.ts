import { type ChildProcess, fork } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync } from 'node:fs';
import { childEnvironment } from '../childEnvironment.ts';
import { scriptPath } from '../scriptPath.ts';
import type { EnvironmentMessage, InvocationResult, InvokeMessage } from './protocol.ts';

/** How long a function's modules may take to load. */
const INIT_TIMEOUT_MS = 30_000;

export interface EnvironmentOptions {
  readonly environment: Readonly<Record<string, string>>;
  readonly memoryMegabytes: number;
  /** The file for everything that the function prints. */
  readonly logFile: string;
  /** The function's own /tmp. It is removed with the environment. */
  readonly temporaryDirectory: string;
}

/** A process that runs a function, one invocation at a time. */
export interface ExecutionEnvironment {
  /** Whether it can take another invocation. */
  readonly alive: boolean;
  /** Runs the handler. Kills the process after `timeoutMs`. Never rejects. */
  invoke(message: Omit<InvokeMessage, 'deadlineAt'>, timeoutMs: number): Promise<InvocationResult>;
  kill(): Promise<void>;
}

/** Starts a process for a function. */
export function startEnvironment(options: EnvironmentOptions): ExecutionEnvironment {
  const child = spawn(options);
  const exited = new Promise<void>((resolve) => {
    child.once('error', () => resolve());
    child.once('exit', () => resolve());
  });
  exited.then(() => rmSync(options.temporaryDirectory, { recursive: true, force: true }));
  const next = (): Promise<EnvironmentMessage> => nextMessage(child);
  const loaded = withTimeout(next(), INIT_TIMEOUT_MS, () =>
    failure('Sandbox.Timedout', `Init phase timed out after ${INIT_TIMEOUT_MS / 1000} seconds`),
  );

  let alive = true;
  exited.then(() => {
    alive = false;
  });
  const kill = async (): Promise<void> => {
    alive = false;
    child.kill('SIGKILL');
    await exited;
  };

  return {
    get alive() {
      return alive;
    },
    kill,
    async invoke(message, timeoutMs) {
      let answer = await loaded;
      if (answer.type === 'ready') {
        const answered = next();
        if (child.connected)
          child.send({ ...message, deadlineAt: Date.now() + timeoutMs } satisfies InvokeMessage);
        answer = await withTimeout(answered, timeoutMs, () =>
          failure('Sandbox.Timedout', `Task timed out after ${timeoutMs / 1000} seconds`),
        );
      }
      if (answer.type === 'succeeded')
        return { requestId: message.requestId, payload: answer.payload };
      const error = answer.type === 'failed' ? answer.error : undefined;
      // After an error that the handler throws the process can be used again, otherwise not.
      if (error?.errorType.match(/^(Sandbox|Runtime)\./)) await kill();
      return {
        requestId: message.requestId,
        functionError: 'Unhandled',
        payload: JSON.stringify(error),
      };
    },
  };
}

function spawn({
  environment,
  memoryMegabytes,
  logFile,
  temporaryDirectory,
}: EnvironmentOptions): ChildProcess {
  mkdirSync(temporaryDirectory, { recursive: true });
  const log = openSync(logFile, 'a');
  try {
    return fork(scriptPath('local', 'lambda', 'runtime'), [], {
      stdio: ['ignore', log, log, 'ipc'],
      env: { ...childEnvironment(), ...environment, TMPDIR: temporaryDirectory },
      // Limits the memory as in the template, so that a leak fails here as it would in Lambda.
      execArgv: [`--max-old-space-size=${memoryMegabytes}`],
    });
  } finally {
    closeSync(log);
  }
}

/** The next message of the process, or a failure if it ends first. */
function nextMessage(child: ChildProcess): Promise<EnvironmentMessage> {
  const { promise, resolve } = Promise.withResolvers<EnvironmentMessage>();
  const onExit = (code: number | null, signal: string | null): void =>
    resolve(
      failure('Runtime.ExitError', `Runtime exited with error: ${signal ?? `exit status ${code}`}`),
    );
  if (child.exitCode !== null || child.signalCode !== null)
    onExit(child.exitCode, child.signalCode);
  child.once('message', resolve);
  child.once('exit', onExit);
  return promise.finally(() => {
    child.off('message', resolve);
    child.off('exit', onExit);
  });
}

function failure(errorType: string, errorMessage: string): EnvironmentMessage {
  return { type: 'failed', error: { errorType, errorMessage } };
}

async function withTimeout<T>(
  work: Promise<T>,
  milliseconds: number,
  onTimeout: () => T,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<T>((resolve) => {
    timer = setTimeout(() => resolve(onTimeout()), milliseconds);
  });
  return Promise.race([work, timeout]).finally(() => clearTimeout(timer));
}
