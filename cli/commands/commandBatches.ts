import type { Command } from 'commander';
import type {
  Command as Action,
  BatchHandlerClient,
  BatchInfo,
} from '../../shared/client/index.ts';
import { type CliContext, connecting, EXIT, openClient } from '../connect.ts';
import { explain } from '../explain.ts';
import { type WaitingOptions, watchSettings, withTimeout } from '../waiting.ts';

interface CommandOptions extends WaitingOptions {
  readonly wait?: true;
}

const DESCRIPTIONS: Readonly<Record<Action, string>> = {
  cancel: 'stops batches and keeps what they have',
  retry: 'runs again what did not succeed of batches that have ended',
  redeliver: 'calls the processor again with batches that have ended',
};

/** cancel, retry and redeliver: messages about batches that there are. */
export function addBatchCommands(program: Command, context: CliContext): void {
  for (const action of ['cancel', 'retry', 'redeliver'] as const)
    withTimeout(connecting(program.command(action)))
      .description(DESCRIPTIONS[action])
      .argument('<ids...>')
      .option('--wait', 'waits until the handler has carried it out')
      .option('--json', 'one JSON object a line')
      .addHelpText(
        'after',
        `
Examples:
  batch-handler ${action} my-batch --stack BatchHandler
  batch-handler ${action} my-batch another --wait --json`,
      )
      .action(async (ids: string[], options: CommandOptions) =>
        context.end(await command(action, ids, options, context)),
      );
}

async function command(
  action: Action,
  ids: readonly string[],
  options: CommandOptions,
  context: CliContext,
): Promise<number> {
  const client = await openClient(options);
  let worst: number = EXIT.done;
  for (const batchId of new Set(ids)) {
    // One that is refused keeps no other from being asked for.
    try {
      await commandOne(client, action, batchId, options, context);
    } catch (error) {
      context.interrupted.throwIfAborted();
      const { line, exitCode } = explain(error);
      context.stderr.write(`${line}\n`);
      worst = Math.max(worst, exitCode);
    }
  }
  return worst;
}

async function commandOne(
  client: BatchHandlerClient,
  action: Action,
  batchId: string,
  options: CommandOptions,
  { stdout, interrupted: signal }: CliContext,
): Promise<void> {
  const sent = await client[action](batchId);
  const { pollSeconds, timeoutSeconds } = watchSettings(options);
  const waiting = { pollSeconds, timeoutSeconds, signal };
  const batch: BatchInfo | undefined = options.wait
    ? await client.waitForCommand(sent, waiting)
    : undefined;
  if (options.json) {
    stdout.write(`${JSON.stringify({ ...sent, ...(batch ? { batch } : {}) })}\n`);
    return;
  }
  const outcome = batch ? `carried out, it is ${batch.status}` : 'sent';
  stdout.write(`${batchId}: ${action} ${outcome}\n`);
}
