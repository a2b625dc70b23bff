import type { Command } from 'commander';

/** The local run stays apart: it has options of its own, and ends the process itself. */
export function addLocalCommand(program: Command): void {
  program
    .command('local')
    .description('runs a synthesized stack on this machine; --help has its options')
    .usage('[files...] [options]')
    .argument('[arguments...]')
    .helpOption(false)
    .allowUnknownOption()
    .action(async (args: string[]) => {
      // Loaded here: no other command needs the emulators.
      const { main } = await import('../../local/main.ts');
      await main(args, 'batch-handler local');
    });
}
