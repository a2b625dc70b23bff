import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Used } from '../harness/process.ts';

/** What the others are measured with, at exactly these versions. */
const PACKAGES = ['langbatch==0.1.2', 'openai==1.109.1', 'aiohttp==3.14.5'];
/** Longest that the installation may take, in milliseconds. */
const INSTALL_TIMEOUT_MS = 3 * 60_000;
/** Longest that one measurement may take, in milliseconds. */
const TIMEOUT_MS = 2 * 60_000;

const run = promisify(execFile);

export interface Taken extends Used {
  readonly peakBytes: number;
}

/** Options of the scripts beside this file. */
export interface ScriptOptions {
  readonly kind: 'sweep' | 'collect';
  readonly providerUrl: string;
  /** Path of the file of requests. */
  readonly input: string;
  /** Number of requests in it, each of which has one row. */
  readonly requests: number;
  /** Number of running batches. */
  readonly batches: number;
  /** Where the script may write. */
  readonly directory: string;
}

export interface Python {
  /** Runs a script in a process of its own. */
  measure(script: 'langbatch_once' | 'poller_once', options: ScriptOptions): Promise<Taken>;
}

/**
 * Installs the packages into an environment of their own.
 *
 * @returns why there is none, if Python 3, pip or a registry is missing
 */
export async function installPython(directory: string): Promise<Python | string> {
  const environment = join(directory, 'python');
  const python = join(environment, 'bin', 'python');
  const limits = { timeout: INSTALL_TIMEOUT_MS };
  try {
    await run('python3', ['-m', 'venv', environment], limits);
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'];
    await run(python, [...pip, ...PACKAGES], limits);
  } catch (error) {
    return `Python's packages cannot be installed: ${reasonOf(error)}`;
  }
  return {
    async measure(script, options) {
      const path = join(import.meta.dirname, `${script}.py`);
      const { stdout } = await run(python, [path, JSON.stringify(options)], {
        // The shell's environment is left out, so that no real key and no endpoint reaches a benchmark.
        env: {
          PATH: process.env.PATH,
          LANGBATCH_DATA_PATH: options.directory,
          PYTHONDONTWRITEBYTECODE: '1',
        },
        timeout: TIMEOUT_MS,
        maxBuffer: 64 * 1024 * 1024,
      });
      return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as Taken;
    },
  };
}

function reasonOf(error: unknown): string {
  const { killed: isTimeout = false, message = String(error) } = error as Failure;
  if (isTimeout) return `it takes more than ${INSTALL_TIMEOUT_MS / 1000} s`;
  return message.trim().split('\n').at(-1) ?? '';
}

type Failure = Partial<Pick<Error, 'message'> & { readonly killed: boolean }>;
