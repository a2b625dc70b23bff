import { type ChildProcess, fork, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Duplex } from 'node:stream';
import { PACKAGE_ROOT } from '../../shared/package.ts';
import { childEnvironment } from '../childEnvironment.ts';
import { scriptPath } from '../scriptPath.ts';
import type { EnvironmentMessage, InvokeMessage } from './protocol.ts';

export interface RuntimeOptions {
  readonly environment: Readonly<Record<string, string>>;
  readonly memoryMegabytes: number;
  /** The path of the Python that runs the function. Default: Node runs it. */
  readonly python?: string | undefined;
  /** The file for everything that the function prints. */
  readonly logFile: string;
  /** The function's own /tmp. It is removed with the environment. */
  readonly temporaryDirectory: string;
}

/** A process with a function's handler, and the channel to it. */
export interface RuntimeProcess {
  readonly child: ChildProcess;
  /** Does nothing if the process has ended. */
  send(message: InvokeMessage): void;
  /**
   * Calls the listener with every message.
   *
   * @returns stops that
   */
  listen(listener: (message: EnvironmentMessage) => void): () => void;
}

/** Starts a process for a function. It ends when the channel does, so it never outlives this process. */
export function startRuntime(options: RuntimeOptions): RuntimeProcess {
  mkdirSync(options.temporaryDirectory, { recursive: true });
  const log = openSync(options.logFile, 'a');
  try {
    return options.python === undefined
      ? startNode(options, log)
      : startPython(options.python, options, log);
  } finally {
    closeSync(log);
  }
}

function startNode(options: RuntimeOptions, log: number): RuntimeProcess {
  const child = fork(scriptPath('local', 'lambda', 'runtime'), [], {
    stdio: ['ignore', log, log, 'ipc'],
    env: environmentOf(options),
    // Limits the memory as in the template, so that a leak fails here as it would in Lambda.
    execArgv: [`--max-old-space-size=${options.memoryMegabytes}`],
  });
  return {
    child,
    send: (message) => {
      if (child.connected) child.send(message);
    },
    listen: (listener) => {
      child.on('message', listener);
      return () => child.off('message', listener);
    },
  };
}

/** Python has the channel as file descriptor 3, because the format of Node's own is not documented. */
function startPython(python: string, options: RuntimeOptions, log: number): RuntimeProcess {
  const child = spawn(python, [join(PACKAGE_ROOT, 'local', 'lambda', 'bootstrap.py')], {
    stdio: ['ignore', log, log, 'pipe'],
    env: { ...environmentOf(options), ...PYTHON_VARIABLES },
  });
  const channel = child.stdio[3] as Duplex;
  // The end of the process is told by its exit code. Writing to one that has ended must not throw.
  channel.on('error', () => {});
  const lines = createInterface({ input: channel });
  return {
    child,
    send: (message) => {
      if (channel.writable) channel.write(`${JSON.stringify(message)}\n`);
    },
    listen: (listener) => {
      const onLine = (line: string): void => listener(JSON.parse(line));
      lines.on('line', onLine);
      return () => lines.off('line', onLine);
    },
  };
}

/** Texts are UTF-8 as in Lambda. No bytecode, because the code is in the directory of the synthesized stack. */
const PYTHON_VARIABLES = {
  ...{ PYTHONUNBUFFERED: '1', PYTHONUTF8: '1', PYTHONDONTWRITEBYTECODE: '1' },
};

function environmentOf({ environment, temporaryDirectory }: RuntimeOptions) {
  return { ...childEnvironment(), ...environment, TMPDIR: temporaryDirectory };
}
