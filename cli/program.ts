import { Command, CommanderError } from 'commander';
import { PACKAGE_VERSION } from '../shared/package.ts';
import { COMMANDS } from './commands.ts';
import { type ConnectionOptions, separateLocal } from './connect.ts';
import { type CliContext, type CliEnvironment, EXIT } from './context.ts';
import { PROGRAM, pasteable } from './hints.ts';

/**
 * Runs one command.
 *
 * @param args the arguments after the name of the program
 * @returns the exit code
 */
export async function runCli(
  args: readonly string[],
  environment: CliEnvironment,
): Promise<number> {
  const { stderr, interrupted, program: calledAs = PROGRAM } = environment;
  let exitCode: number = EXIT.done;
  const end = (code: number): void => {
    exitCode = code;
  };
  const hint = (text: string): string => pasteable(text, calledAs, usedOptions(program, args));
  const program = await createProgram(args, { ...environment, end, hint });
  try {
    await program.parseAsync(separateLocal(args), { from: 'user' });
    return exitCode;
  } catch (error) {
    if (interrupted.aborted) {
      // Ends the line in which the terminal shows ^C.
      if (stderr.isTTY) stderr.write('\n');
      return EXIT.interrupted;
    }
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return EXIT.done;
      // The program, or a command that has several, was called without one.
      if (error.code === 'commander.help') {
        stderr.write((usedCommand(program, args) ?? program).helpInformation());
        return EXIT.usage;
      }
      stderr.write(`${hint(usageLine(error, program, args))}\n`);
      return EXIT.usage;
    }
    const { explain } = await import('./explain.ts');
    const { line, exitCode: code } = explain(error);
    stderr.write(`${hint(line)}\n`);
    return code;
  }
}

/** The program with the names of all commands. Only the one that is used is loaded. */
async function createProgram(args: readonly string[], context: CliContext): Promise<Command> {
  const { stdout } = context;
  const program = new Command(PROGRAM)
    .description('Manage the batches of a Batch Handler that is deployed or runs locally.')
    .version(PACKAGE_VERSION, '-V, --version', 'print the version')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => stdout.write(text),
      // Errors are written by runCli, in one line.
      writeErr: () => {},
      getOutHelpWidth: () => stdout.columns ?? 80,
    })
    .addHelpText(
      'after',
      `
Exit codes: 0 done, 1 a batch failed or a check found a problem, 2 wrong usage, 3 AWS or the local
stack cannot be reached or denies access. For examples, see batch-handler help COMMAND.`,
    );
  const [used] = usedWords(args);
  for (const { name, description, load } of COMMANDS) {
    const command = program.command(name).description(description);
    if (name === used) (await load())(command, context);
  }
  return program;
}

/** The options that the used command was given. */
function usedOptions(program: Command, args: readonly string[]): Partial<ConnectionOptions> {
  return usedCommand(program, args)?.opts() ?? {};
}

function usageLine({ message }: CommanderError, program: Command, args: readonly string[]): string {
  const used: string[] = [];
  for (let command = usedCommand(program, args); command?.parent; command = command.parent)
    used.unshift(command.name());
  const help = [PROGRAM, ...used, '--help'].join(' ');
  return `${message.replace(/^error: /, '').replaceAll('\n', ' ')} (see ${help})`;
}

/** The command that is used: of one that has several, the one that is named. */
function usedCommand(program: Command, args: readonly string[]): Command | undefined {
  const [first, second] = usedWords(args);
  const find = (among: Command | undefined, name: string | undefined) =>
    among?.commands.find((each) => each.name() === name);
  const command = find(program, first);
  return find(command, second) ?? command;
}

/** The words without a leading `help`. The program itself has no option that takes a value. */
function usedWords(args: readonly string[]): readonly string[] {
  const words = args.filter((arg) => !arg.startsWith('-'));
  return words[0] === 'help' ? words.slice(1) : words;
}
