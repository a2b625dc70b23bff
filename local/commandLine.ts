import { join } from 'node:path';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { PLANNED_OUTCOMES, parsePlan } from '../simulators/engine/plan.ts';
import { LOCAL_PROVIDER_NAMES } from './providerKinds.ts';

/** What a local run is asked to do. */
export interface CommandLine {
  /** JSONL files; empty for the example. */
  readonly files: readonly string[];
  readonly json: boolean;
  readonly keep: boolean;
  readonly plan: readonly string[];
  /** The one provider that the stack has; else those of cdk.json. */
  readonly provider: string | undefined;
  readonly intervalSeconds: number;
  readonly dataDirectory: string;
  /** Of the address that all services share; 0 for a free one. */
  readonly port: number;
  /** A synthesized stack to run. Default: a clone's own, else cdk.out. */
  readonly assembly: string | undefined;
}

/** A scale above 1 would make a local run wait longer than the stack in the cloud. */
const MAX_INTERVAL_SECONDS = 60;

/**
 * @param args the arguments behind the command
 * @param name of the command, for its help
 * @returns undefined if help was asked for, and given
 * @throws UsageError, one line
 */
export function parseCommandLine(args: readonly string[], name: string): CommandLine | undefined {
  const command = new Command(name)
    .description('Runs the stack on this machine and brings every batch in the files to an end.')
    .argument(
      '[files...]',
      'JSONL files in the OpenAI batch format (default: unfinished batches, else the example)',
    )
    .option(
      '--json',
      'end with one JSON line per batch on stdout, everything else on stderr',
      false,
    )
    .option(
      '--plan <words>',
      `what the simulator does with the jobs of each batch, in order, the last repeating: ${PLANNED_OUTCOMES.join(', ')}`,
      readPlan,
      ['completed'],
    )
    .addOption(
      new Option(
        '--provider <name>',
        'run the stack with this provider instead of those in cdk.json',
      ).choices(LOCAL_PROVIDER_NAMES),
    )
    .option(
      '--interval <seconds>',
      'between sweeps; all waiting times scale with it',
      readInterval,
      2,
    )
    .option(
      '--data <directory>',
      'where everything is kept that outlives a run (default: .local, or .local/PROVIDER)',
    )
    .option(
      '--port <port>',
      'of the one address of all services (default: a free one)',
      readPort,
      0,
    )
    .option('--keep', 'leave the stack up and print the environment that reaches it', false)
    .option('--assembly <directory>', 'run this synthesized stack (a cdk.out)')
    .addHelpText(
      'after',
      `\nExamples:\n  ${name} requests.jsonl\n  ${name} --plan failed_quota,expired,completed --keep`,
    )
    .configureOutput({ writeErr: () => {} })
    .exitOverride();
  try {
    command.parse([...args], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return undefined;
    throw new UsageError(`${error.message.replace(/^error: /, '')} (see ${name} --help)`);
  }
  const options = command.opts();
  return {
    files: command.args,
    json: options.json,
    keep: options.keep,
    plan: options.plan,
    intervalSeconds: options.interval,
    provider: options.provider,
    dataDirectory: options.data ?? join('.local', options.provider ?? ''),
    port: options.port,
    assembly: options.assembly,
  };
}

function readPlan(text: string): readonly string[] {
  try {
    return parsePlan(text);
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
  }
}

function readInterval(text: string): number {
  const seconds = Number(text);
  if (!(seconds > 0 && seconds <= MAX_INTERVAL_SECONDS))
    throw new InvalidArgumentError(
      `It must be over 0 and at most ${MAX_INTERVAL_SECONDS} seconds.`,
    );
  return seconds;
}

function readPort(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new InvalidArgumentError('It must be a whole number from 1 to 65535.');
  return port;
}

/** Something that whoever started the run can put right: one line on stderr, exit code 2. */
export class UsageError extends Error {
  override readonly name: string = 'UsageError';
}
