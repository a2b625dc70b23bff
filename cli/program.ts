import { Command, CommanderError } from 'commander';
import { addAddCommand } from './commands/add.ts';
import { addBatchCommands } from './commands/batchCommands.ts';
import { addDoctorCommand } from './commands/doctor.ts';
import { addDrainCommand } from './commands/drain.ts';
import { addEstimateCommand } from './commands/estimate.ts';
import { addListCommand } from './commands/list.ts';
import { addPauseCommand, addResumeCommand } from './commands/pause.ts';
import { addRedriveCommand } from './commands/redrive.ts';
import { addRemoveCommand } from './commands/remove.ts';
import { addResultsCommand } from './commands/results.ts';
import { addShowCommand } from './commands/show.ts';
import { addWatchCommand } from './commands/watch.ts';
import { separateLocal } from './connect.ts';
import { type CliContext, EXIT } from './context.ts';
import { explain } from './explain.ts';

const COMMANDS: readonly ((program: Command, context: CliContext) => void)[] = [
  addAddCommand,
  addListCommand,
  addShowCommand,
  addWatchCommand,
  addResultsCommand,
  addBatchCommands,
  addEstimateCommand,
  addDoctorCommand,
  addPauseCommand,
  addResumeCommand,
  addRedriveCommand,
  addRemoveCommand,
  addDrainCommand,
  addLocalCommand,
];

/**
 * Runs one command.
 *
 * @param args the arguments after the name of the program
 * @returns the exit code
 */
export async function runCli(
  args: readonly string[],
  environment: Omit<CliContext, 'end'>,
): Promise<number> {
  const { stderr, interrupted } = environment;
  let exitCode: number = EXIT.done;
  const end = (code: number): void => {
    exitCode = code;
  };
  const program = createProgram({ ...environment, end });
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
      stderr.write(`${usageLine(error, program, args)}\n`);
      return EXIT.usage;
    }
    const { line, exitCode: code } = explain(error);
    stderr.write(`${line}\n`);
    return code;
  }
}

function createProgram(context: CliContext): Command {
  const { stdout } = context;
  const program = new Command('batch-handler')
    .description('Manage the batches of a Batch Handler that is deployed or runs locally.')
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
  for (const add of COMMANDS) add(program, context);
  return program;
}

function usageLine({ message }: CommanderError, program: Command, args: readonly string[]): string {
  const command = program.commands.find((each) => args.includes(each.name()));
  const help = ['batch-handler', ...(command ? [command.name()] : []), '--help'].join(' ');
  return `${message.replace(/^error: /, '').replaceAll('\n', ' ')} (see ${help})`;
}

/** The local run parses its own options and ends the process itself. */
function addLocalCommand(program: Command): void {
  program
    .command('local')
    .description('run a synthesized stack on this machine; see its --help')
    .usage('[files...] [options]')
    .argument('[arguments...]')
    .helpOption(false)
    .allowUnknownOption()
    .action(async (args: string[]) => {
      // Imported here, because no other command needs the emulators.
      const { main } = await import('../local/main.ts');
      await main(args, 'batch-handler local');
    });
}
