import { statSync } from 'node:fs';
import { extname } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { BatchHandlerClient } from '../shared/client/index.ts';
import { omitUndefined } from '../shared/omitUndefined.ts';
import type { CliContext } from './context.ts';

/** The options by which a command finds its handler. */
export interface ConnectionOptions {
  readonly stack: string;
  readonly handler?: string;
  readonly region?: string;
  readonly profile?: string;
  readonly local?: string | true;
  readonly directory?: string;
  readonly runtime?: string;
}

/** The name of this project's own stack. */
export const DEFAULT_STACK = 'BatchHandler';

/** Adds the options by which the command finds its handler. */
export function withConnection(command: Command): Command {
  return withConflicts(command, [
    ['--local', '--stack', '--region', '--profile'],
    ['--directory', '--stack', '--handler', '--region', '--profile', '--local', '--runtime'],
  ])
    .addOption(
      new Option('--stack <name>', 'stack that contains the handler')
        .env('BATCH_HANDLER_STACK')
        .default(DEFAULT_STACK),
    )
    .option('--handler <path>', 'construct path, if the stack has several handlers')
    .option('--region <region>', 'AWS region (default: from the environment)')
    .option('--profile <name>', 'AWS profile (default: from the environment)')
    .option('--local [directory]', 'use the local stack that runs in a directory (default: .local)')
    .option('--directory <directory>', 'use the in-process handler that keeps its state there')
    .addOption(
      new Option(
        '--runtime <file>',
        'module that exports ports, of a handler whose ports are replaced',
      ).env('BATCH_HANDLER_RUNTIME'),
    );
}

/**
 * Refuses options that contradict each other. A value from the environment contradicts nothing.
 *
 * @param conflicts an option, and those that it cannot be used with
 */
export function withConflicts(
  command: Command,
  conflicts: readonly (readonly [option: string, ...others: string[]])[],
): Command {
  return command.hook('preAction', () => {
    for (const [option, ...others] of conflicts) {
      const other = isGiven(command, option) && others.find((each) => isGiven(command, each));
      if (other) throw new InvalidArgumentError(`${option} cannot be used with ${other}`);
    }
  });
}

/** Refuses an option without the one that it belongs to. */
export function withNeed(command: Command, option: string, needed: string): Command {
  return command.hook('preAction', () => {
    if (isGiven(command, option) && !isGiven(command, needed))
      throw new InvalidArgumentError(`${option} needs ${needed}`);
  });
}

function isGiven(command: Command, flag: string): boolean {
  const option = command.options.find(({ long }) => long === flag);
  return option !== undefined && command.getOptionValueSource(option.attributeName()) === 'cli';
}

/** @throws ClientError if the options name no handler */
export async function openClient(options: ConnectionOptions): Promise<BatchHandlerClient> {
  const { stack, handler, region, profile, local, directory, runtime } = options;
  // Imported here, so that --help loads no SQLite, and no AWS SDK.
  if (directory !== undefined) {
    const { createDirectoryClient } = await import('../inProcess/openDirectory.ts');
    return createDirectoryClient(directory);
  }
  const { createClient, localStack, readPorts } = await import('../shared/client/index.ts');
  const ports = runtime === undefined ? undefined : await readPorts(runtime);
  if (local === undefined)
    return createClient({ stack, handler, ports, ...omitUndefined({ region, profile }) });
  const found = await localStack(local === true ? undefined : local);
  return createClient({ ...found, handler, ports });
}

/** Says that nobody carries out what is sent, if the handler runs in a program and none runs. */
export async function noteIfStopped(
  { connection, handler }: BatchHandlerClient,
  { stderr }: Pick<CliContext, 'stderr'>,
): Promise<void> {
  const running = await connection.process?.running();
  if (running?.length === 0)
    stderr.write(
      `no program runs the handler in ${handler.name}: its batches wait until you start yours\n`,
    );
}

/**
 * Refuses a handler without AWS, before anything is asked for.
 *
 * @param why what takes the place of the command there
 */
export function withAwsOnly(command: Command, why: string): Command {
  return command.hook('preAction', () => {
    if (isGiven(command, '--directory'))
      throw new InvalidArgumentError(
        `${command.name()} is for a handler in AWS or a local stack, not for a directory: ${why}`,
      );
  });
}

/**
 * Allows `--local` before an argument: commander would take the argument for its directory, so the
 * default is inserted unless the argument is a directory or looks like one, such as `./x` or `/x`, but
 * not `./x.jsonl`. `--local=DIRECTORY` needs none to exist.
 */
export function separateLocal(args: readonly string[]): string[] {
  return args.map((arg, index) => {
    if (arg !== '--local') return arg;
    const next = args[index + 1];
    return next === undefined || next.startsWith('-') || isDirectory(next) ? arg : '--local=.local';
  });
}

function isDirectory(path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  return found ? found.isDirectory() : /^[./]/.test(path) && extname(path) === '';
}
