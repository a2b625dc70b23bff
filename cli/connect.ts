import { type Command, Option } from 'commander';
import type { BatchHandlerClient } from '../shared/client/index.ts';
import type { Output } from './terminal/output.ts';

/** How a command finds the handler. */
export interface ConnectionOptions {
  readonly stack: string;
  readonly handler?: string;
  readonly region?: string;
  readonly profile?: string;
  readonly local?: string | true;
}

/** The name of this project's own stack. */
const DEFAULT_STACK = 'BatchHandler';

/** Adds the options by which every command finds the handler that it works with. */
export function connecting(command: Command): Command {
  return command
    .addOption(
      new Option('--stack <name>', 'the stack that holds the handler')
        .env('BATCH_HANDLER_STACK')
        .default(DEFAULT_STACK),
    )
    .option('--handler <path>', 'path of the construct, in a stack with several handlers')
    .option('--region <region>', "AWS region (default: the AWS SDK's, from the environment)")
    .option('--profile <name>', "AWS profile (default: the AWS SDK's, from the environment)")
    .option('--local [directory]', 'the local stack that runs in this directory (default: .local)');
}

/** @throws ClientError if there is no such handler */
export async function openClient(options: ConnectionOptions): Promise<BatchHandlerClient> {
  const { stack, handler, region, profile, local } = options;
  // Only now: --help needs no AWS SDK.
  const { createClient, localStack } = await import('../shared/client/index.ts');
  if (local !== undefined)
    return createClient({ ...(await localStack(local === true ? undefined : local)), handler });
  return createClient({
    stack,
    handler,
    ...(region === undefined ? {} : { region }),
    ...(profile === undefined ? {} : { profile }),
  });
}

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
