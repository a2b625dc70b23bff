import { Argument, Command } from 'commander';
import { completionScript, SHELLS, type Shell } from '../completion.ts';
import type { CliContext, CommandEntry, Define } from '../context.ts';
import { PROGRAM } from '../hints.ts';

/** @param entries the commands that are completed */
export function completionOf(entries: readonly CommandEntry[]): Define {
  return (command, context) => defineCompletion(entries, command, context);
}

function defineCompletion(
  entries: readonly CommandEntry[],
  command: Command,
  context: CliContext,
): void {
  command
    .addArgument(new Argument('<shell>', 'the shell').choices(SHELLS))
    .addHelpText(
      'after',
      `
Completes commands, options and files, but no ids, which it would have to look up.

Examples:
  source <(batch-handler completion bash)       # in ~/.bashrc
  source <(batch-handler completion zsh)        # in ~/.zshrc, after compinit
  batch-handler completion fish > ~/.config/fish/completions/batch-handler.fish`,
    )
    .action(async (shell: Shell) => {
      const all = await Promise.all(
        entries.map(async ({ name, description, load }) => {
          const each = new Command(name).description(description);
          (await load())(each, context);
          return each;
        }),
      );
      context.stdout.write(completionScript(shell, PROGRAM, all));
    });
}
