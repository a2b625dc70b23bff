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
    if (args.length === 0) {
      stderr.write(program.helpInformation());
      return EXIT.usage;
    }
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
  const used = usedCommand(args);
  for (const { name, description, load } of COMMANDS) {
    const command = program.command(name).description(description);
    if (name === used) (await load())(command, context);
  }
  return program;
}

/** The options that the used command was given. */
function usedOptions(program: Command, args: readonly string[]): Partial<ConnectionOptions> {
  const used = usedCommand(args);
  return program.commands.find((each) => each.name() === used)?.opts() ?? {};
}

function usageLine({ message }: CommanderError, program: Command, args: readonly string[]): string {
  const used = usedCommand(args);
  const command = program.commands.find((each) => each.name() === used);
  const help = [PROGRAM, ...(command ? [command.name()] : []), '--help'].join(' ');
  return `${message.replace(/^error: /, '').replaceAll('\n', ' ')} (see ${help})`;
}

/** The first word, or the one after `help`. The program itself has no option that takes a value. */
function usedCommand(args: readonly string[]): string | undefined {
  const [first, second] = args.filter((arg) => !arg.startsWith('-'));
  return first === 'help' ? second : first;
}
