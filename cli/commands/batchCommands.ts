import type { Command } from 'commander';
import type {
  Command as Action,
  BatchHandlerClient,
  BatchInfo,
} from '../../shared/client/index.ts';
import { noteIfStopped, openClient, withConnection, withNeed } from '../connect.ts';
import { type CliContext, EXIT } from '../context.ts';
import { explain } from '../explain.ts';
import { type WaitingOptions, watchSettings, withTimeout } from '../options.ts';

interface CommandOptions extends WaitingOptions {
  readonly wait?: true;
}

/** The commands cancel, retry and redeliver, which send a message about an existing batch. */
export function defineBatchCommand(action: Action, command: Command, context: CliContext): void {
  withNeed(withTimeout(withConnection(command)), '--timeout', '--wait')
    .argument('<ids...>', 'batch ids')
    .option('--wait', 'wait until the handler has carried out the command')
    .option('--json', 'print one JSON object per line')
    .addHelpText(
      'after',
      `
Examples:
  batch-handler ${action} my-batch --stack BatchHandler
  batch-handler ${action} my-batch another --wait --json`,
    )
    .action(async (ids: string[], options: CommandOptions) =>
      context.end(await commandBatches(action, ids, options, context)),
    );
}

async function commandBatches(
  action: Action,
  ids: readonly string[],
  options: CommandOptions,
  context: CliContext,
): Promise<number> {
  const client = await openClient(options);
  let noted: Promise<void> | undefined;
  // A command that is refused waits for nobody.
  const onSent = () => (noted ??= noteIfStopped(client, context));
  let worst: number = EXIT.done;
  for (const batchId of new Set(ids)) {
    // A command that is refused for one batch is still sent for the others.
    try {
      await commandBatch({ client, onSent }, action, batchId, options, context);
    } catch (error) {
      context.interrupted.throwIfAborted();
      const { line, exitCode } = explain(error);
      context.stderr.write(context.hint(`${line}\n`));
      worst = Math.max(worst, exitCode);
    }
  }
  return worst;
}

async function commandBatch(
  { client, onSent }: { readonly client: BatchHandlerClient; onSent(): Promise<void> },
  action: Action,
  batchId: string,
  options: CommandOptions,
  { stdout, stderr, hint, interrupted: signal }: CliContext,
): Promise<void> {
  const sent = await client[action](batchId);
  await onSent();
  const { pollSeconds, timeoutSeconds } = watchSettings(options);
  const waiting = { pollSeconds, timeoutSeconds, signal };
  const batch: BatchInfo | undefined = options.wait
    ? await client.waitForCommand(sent, waiting)
    : undefined;
  if (options.json) {
    stdout.write(`${JSON.stringify({ ...sent, batch })}\n`);
    return;
  }
  stdout.write(`${batchId}: ${action} ${outcomeText(batch)}\n`);
  if (batch !== undefined && isBeingCancelled(batch))
    stderr.write(hint(`to wait for its end: batch-handler watch ${batchId}\n`));
}

function isBeingCancelled({
  cancelRequested,
  endedAt,
}: Pick<BatchInfo, 'cancelRequested' | 'endedAt'>): boolean {
  return cancelRequested && endedAt === undefined;
}

/** @param batch its state after `--wait`; undefined if nobody waited */
export function outcomeText(
  batch: Pick<BatchInfo, 'status' | 'cancelRequested' | 'endedAt'> | undefined,
): string {
  if (!batch) return 'sent';
  const { status } = batch;
  return isBeingCancelled(batch)
    ? `accepted, the batch is being cancelled (${status})`
    : `carried out, the batch is ${status}`;
}
