import { join } from 'node:path';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { baseUrlProblem } from '../shared/providers/settings.ts';
import { parseDuration } from '../shared/terminal.ts';
import { PLANNED_OUTCOMES, parsePlan } from '../simulators/engine/plan.ts';
import { LOCAL_PROVIDER_NAMES } from './providerKinds.ts';

/** The options of a local run. */
export interface CommandLine {
  /** JSONL files. If there are none, the run resumes unfinished batches or adds the example. */
  readonly files: readonly string[];
  readonly json: boolean;
  readonly keep: boolean;
  readonly plan: readonly string[];
  /** The only provider of the stack. Default: those of cdk.json. */
  readonly provider: string | undefined;
  /** The address of a server that is called in the place of that provider. */
  readonly baseUrl: string | undefined;
  readonly intervalSeconds: number;
  readonly dataDirectory: string;
  /** The port of all AWS services. 0 for a free one. */
  readonly port: number;
  /** The directory of a synthesized stack. Default: in a clone its own stack, else cdk.out. */
  readonly assembly: string | undefined;
  /** The module that exports the ports that the stack has replaced. */
  readonly runtime: string | undefined;
  /** The stack to run. Default: the only one with a handler. */
  readonly stack: string | undefined;
}

/** With a longer interval a local run would wait longer than the stack does on AWS. */
const MAX_INTERVAL_SECONDS = 60;

/**
 * @param args the arguments after the command
 * @param name the command, as the help shows it
 * @returns undefined after printing the help
 * @throws UsageError with a message of one line
 */
export function parseCommandLine(args: readonly string[], name: string): CommandLine | undefined {
  const command = new Command(name)
    .description('Runs the stack on this machine until every batch has ended.')
    .argument(
      '[files...]',
      'JSONL files in OpenAI batch format (default: resume unfinished batches, or run the example)',
    )
    .option('--json', 'print one JSON line per batch to stdout at the end, and the rest to stderr')
    .addOption(
      new Option(
        '--plan <outcomes>',
        `how the simulated jobs of each batch end, in order; the last outcome repeats: ${PLANNED_OUTCOMES.join(', ')}`,
      )
        .argParser(readPlan)
        .default(['completed'], 'completed'),
    )
    .addOption(
      new Option('--provider <name>', 'use this provider instead of those in cdk.json').choices(
        LOCAL_PROVIDER_NAMES,
      ),
    )
    .option(
      '--base-url <url>',
      'with --provider: call this server in its place, with the key in the environment',
      readBaseUrl,
    )
    .option(
      '--interval <duration>',
      'time between sweeps, such as 0.5s, 10s or 1m; all other delays scale with it',
      readInterval,
      2,
    )
    .option(
      '--data <directory>',
      'directory for state, results and logs; reuse it to resume (default: .local, or .local/PROVIDER)',
    )
    .addOption(
      new Option('--port <port>', 'port of the endpoint for all AWS services')
        .argParser(readPort)
        .default(0, 'a free port'),
    )
    .option('--keep', 'keep the stack running and print the environment for the AWS CLI and SDKs')
    .option('--assembly <directory>', 'run the synthesized stack in this directory, e.g. cdk.out')
    .option('--stack <name>', 'the stack to run, if several in that directory have a handler')
    .addOption(
      new Option(
        '--runtime <file>',
        'module that exports ports, if the stack has replaced some',
      ).env('BATCH_HANDLER_RUNTIME'),
    )
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
  const isGiven = (option: string): boolean => command.getOptionValueSource(option) === 'cli';
  const problem = contradiction(isGiven);
  if (problem !== undefined) throw new UsageError(`${problem} (see ${name} --help)`);
  return {
    files: command.args,
    json: options.json === true,
    keep: options.keep === true,
    plan: options.plan,
    intervalSeconds: options.interval,
    provider: options.provider,
    baseUrl: options.baseUrl,
    dataDirectory: options.data ?? join('.local', options.provider ?? ''),
    port: options.port,
    assembly: options.assembly,
    stack: options.stack,
    runtime: options.runtime,
  };
}

/** What is wrong with options together; undefined if nothing is. */
function contradiction(isGiven: (option: string) => boolean): string | undefined {
  if (isGiven('baseUrl') && !isGiven('provider'))
    return '--base-url needs --provider, which says how that server is called';
  if (isGiven('plan') && isGiven('baseUrl'))
    return '--plan cannot be used with --base-url: that server ends its jobs as it likes';
  if (isGiven('provider') && isGiven('assembly'))
    return '--provider cannot be used with --assembly: its stack has providers of its own';
  return undefined;
}

function readPlan(text: string): readonly string[] {
  try {
    return parsePlan(text);
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
  }
}

function readInterval(text: string): number {
  const seconds = parseDuration(text) ?? 0;
  if (seconds > 0 && seconds <= MAX_INTERVAL_SECONDS) return seconds;
  throw new InvalidArgumentError(
    `It must be a duration over 0, up to ${MAX_INTERVAL_SECONDS}s, such as 0.5s, 10s or 1m.`,
  );
}

function readBaseUrl(text: string): string {
  const problem = baseUrlProblem(text);
  if (problem !== undefined) throw new InvalidArgumentError(`${problem}.`);
  return text;
}

function readPort(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new InvalidArgumentError('Use a whole number from 1 to 65535.');
  return port;
}

/** An error that the user can fix. It is printed as one line on stderr, and the exit code is 2. */
export class UsageError extends Error {
  override readonly name: string = 'UsageError';
}
