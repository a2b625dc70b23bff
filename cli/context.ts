import type { Command } from 'commander';
import type { Output } from './terminal/output.ts';

/** The process that a command runs in, as far as commands use it. */
export interface CliContext {
  /** For what the command was asked for. */
  readonly stdout: Output;
  /** For everything else: progress, notes, errors. */
  readonly stderr: Output;
  /** Absent if nothing is piped in. */
  readonly stdin?: AsyncIterable<Uint8Array> | undefined;
  /** Asks the person at the terminal. Absent if there is no terminal. */
  readonly ask?: ((question: string) => Promise<string>) | undefined;
  /** Asks without showing the answer. Absent if there is no terminal. */
  readonly askSecret?: ((question: string) => Promise<string>) | undefined;
  /** Aborted by ^C. */
  readonly interrupted: AbortSignal;
  /**
   * Completes the commands in a text, such as `batch-handler watch`, so that they can be pasted: with
   * the options by which the command in hand finds its handler.
   */
  hint(text: string): string;
  /** Milliseconds since 1970. */
  now(): number;
  /** Sets the exit code of the process. Default 0. */
  end(exitCode: number): void;
}

/** What a process gives to the command line. */
export interface CliEnvironment extends Omit<CliContext, 'end' | 'hint'> {
  /** How the user has called the program. Default: `batch-handler`. */
  readonly program?: string | undefined;
}

/** Adds the arguments, the options, the examples and the action of a command. */
export type Define = (command: Command, context: CliContext) => void;

export interface CommandEntry {
  readonly name: string;
  readonly description: string;
  /** Loads the command: the help of the program needs none, and a command no other. */
  load(): Promise<Define>;
}

/** Documented in docs/cli.md. */
export const EXIT = {
  done: 0,
  /** A batch failed, was cancelled or refused, or did not end in time; or a check found a problem. */
  failed: 1,
  usage: 2,
  /** AWS or the local stack cannot be reached, or denies access. */
  unreachable: 3,
  /** ^C: 128 plus the number of the signal. */
  interrupted: 130,
} as const;
