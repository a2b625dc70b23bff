import type { Command } from 'commander';
import type { BatchHandlerClient, BatchInfo, Sent } from '../../shared/client/index.ts';
import { createBoard } from '../board.ts';
import { type CliContext, connecting, EXIT, openClient } from '../connect.ts';
import { explain } from '../explain.ts';
import { type WaitingOptions, watchSettings, withTimeout } from '../waiting.ts';

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

export interface WatchSettings {
  readonly json: boolean;
  readonly pollSeconds: number;
  readonly timeoutSeconds: number | undefined;
}

/**
 * Shows batches until all have ended.
 *
 * @param batches ids, or what was just added and may yet be refused
 * @returns the exit code
 */
export async function watchUntilEnded(
  client: BatchHandlerClient,
  batches: readonly (string | Sent)[],
  { json, pollSeconds, timeoutSeconds }: WatchSettings,
  context: CliContext,
): Promise<number> {
  const ids = batches.map((batch) => (typeof batch === 'string' ? batch : batch.batchId));
  const board = createBoard(context, ids, json);
  const { interrupted: signal } = context;
  const codes = await Promise.all(
    batches.map(async (batch) => {
      const options = { pollSeconds, timeoutSeconds, signal, onLook: board.update };
      try {
        return codeOf(await client.waitForBatch(batch, options));
      } catch (error) {
        signal.throwIfAborted();
        const { line, exitCode } = explain(error);
        board.note(line);
        return exitCode;
      }
    }),
  );
  return Math.max(...codes, EXIT.done);
}

function codeOf({ status }: BatchInfo): number {
  return status === 'completed' ? EXIT.done : EXIT.failed;
}
