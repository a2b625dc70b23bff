import type { Command } from 'commander';
import { connecting, openClient } from '../connect.ts';
import { type CliContext, EXIT } from '../context.ts';
import { type WaitingOptions, watchSettings, withTimeout } from '../waiting.ts';
import { watchUntilEnded } from '../watch/watch.ts';

export function addWatchCommand(program: Command, context: CliContext): void {
  withTimeout(connecting(program.command('watch')))
    .description('shows batches until they have ended')
    .argument('[ids...]', 'default: all that have not ended now')
    .option('--json', 'one JSON object a line for every change')
    .addHelpText(
      'after',
      `
Ends with 0 if all completed, else with 1.

Examples:
  batch-handler watch my-batch --stack BatchHandler
  batch-handler watch --local
  batch-handler watch my-batch --json --timeout 3600`,
    )
    .action(async (ids: string[], options: WaitingOptions) =>
      context.end(await watch(ids, options, context)),
    );
}

async function watch(
  ids: readonly string[],
  options: WaitingOptions,
  context: CliContext,
): Promise<number> {
  const client = await openClient(options);
  const watched = [...new Set(ids)];
  if (ids.length === 0)
    for await (const { batchId } of client.listBatches({ status: 'open' })) watched.push(batchId);
  if (watched.length === 0) {
    context.stderr.write(`every batch in ${client.handler.stack} has ended\n`);
    return EXIT.done;
  }
  return watchUntilEnded(client, watched, watchSettings(options), context);
}
