import type { Output } from './terminal/output.ts';

/** What a command has of the process that it runs in. */
export interface CliContext {
  /** For what was asked for. */
  readonly stdout: Output;
  /** For everything else: progress, notes, errors. */
  readonly stderr: Output;
  /** Asks the person at the terminal; absent where there is none. */
  readonly ask?: ((question: string) => Promise<string>) | undefined;
  /** Aborted by ^C. */
  readonly interrupted: AbortSignal;
  /** Milliseconds since 1970. */
  now(): number;
  /** Says what the process exits with. Default 0. */
  end(exitCode: number): void;
}

/** Documented in docs/cli.md. */
export const EXIT = {
  done: 0,
  /** A batch failed, was cancelled or refused, or did not end in time; a check found something. */
  failed: 1,
  usage: 2,
  /** AWS or the local stack cannot be reached, or does not let us. */
  unreachable: 3,
  /** ^C: 128 and the signal's number. */
  interrupted: 130,
} as const;
