import type { Command } from 'commander';

/** The local run parses its own options and ends the process itself. */
export function defineLocal(command: Command): void {
  command
    .argument('[arguments...]')
    .helpOption(false)
    .allowUnknownOption()
    .action(async (args: string[]) => {
      // Imported here, because no other command needs the emulators.
      const { main } = await import('../../local/main.ts');
      await main(args, 'batch-handler local');
    });
}
