import { rmSync } from 'node:fs';
import type { EnvironmentMessage, InvocationResult, InvokeMessage } from './protocol.ts';
import { type RuntimeOptions, type RuntimeProcess, startRuntime } from './runtimeProcess.ts';

/** How long a function's modules may take to load. */
const INIT_TIMEOUT_MS = 30_000;

/** A process that runs a function, one invocation at a time. */
export interface ExecutionEnvironment {
  /** Whether it can take another invocation. */
  readonly alive: boolean;
  /** Runs the handler. Kills the process after `timeoutMs`. Never rejects. */
  invoke(message: Omit<InvokeMessage, 'deadlineAt'>, timeoutMs: number): Promise<InvocationResult>;
  kill(): Promise<void>;
}

/** Starts a process for a function. */
export function startEnvironment(options: RuntimeOptions): ExecutionEnvironment {
  const runtime = startRuntime(options);
  const { child } = runtime;
  const exited = new Promise<void>((resolve) => {
    child.once('error', () => resolve());
    child.once('exit', () => resolve());
  });
  exited.then(() => rmSync(options.temporaryDirectory, { recursive: true, force: true }));
  const next = (): Promise<EnvironmentMessage> => nextMessage(runtime);
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
        runtime.send({ ...message, deadlineAt: Date.now() + timeoutMs });
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

/** The next message of the process, or a failure if it ends first. */
function nextMessage({ child, listen }: RuntimeProcess): Promise<EnvironmentMessage> {
  const { promise, resolve } = Promise.withResolvers<EnvironmentMessage>();
  const onExit = (code: number | null, signal: string | null): void =>
    resolve(
      failure('Runtime.ExitError', `Runtime exited with error: ${signal ?? `exit status ${code}`}`),
    );
  if (child.exitCode !== null || child.signalCode !== null)
    onExit(child.exitCode, child.signalCode);
  const stopListening = listen(resolve);
  child.once('exit', onExit);
  return promise.finally(() => {
    stopListening();
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
