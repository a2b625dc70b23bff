import type { Command } from 'commander';
import type { UnreadableBatch } from '../../shared/client/index.ts';
import { type ConnectionOptions, openClient, withConnection } from '../connect.ts';
import type { CliContext } from '../context.ts';
import { confirm } from '../terminal/confirm.ts';

interface RemoveOptions extends ConnectionOptions {
  readonly yes?: true;
  readonly json?: true;
}

/** The command remove, for a batch whose record cannot be read and that no other command can end. */
export function defineRemove(command: Command, context: CliContext): void {
  withConnection(command)
    .argument('<id>', 'batch id, or that of a part')
    .option('--yes', 'do not ask for confirmation')
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      `
Examples:
  batch-handler remove my-batch
  batch-handler remove my-batch --yes --json`,
    )
    .action((batchId: string, options: RemoveOptions) => remove(batchId, options, context));
}

async function remove(batchId: string, options: RemoveOptions, context: CliContext): Promise<void> {
  const { stdout, stderr } = context;
  const client = await openClient(options);
  const found = await client.readUnreadable(batchId);
  stderr.write(`${described(found)}\n`);
  if (!(await confirm(`Remove ${batchId}?`, options.yes, context))) return;
  const { messageId } = await client.removeUnreadable(batchId);
  const text = options.json
    ? JSON.stringify({ ...found, messageId })
    : `${batchId}: remove sent; its record is kept in the bucket, under batches/${batchId}/`;
  stdout.write(`${text}\n`);
}

/** What is removed, and what may still run. */
function described({ batchId, why, status, provider, jobId, keyPrefix }: UnreadableBatch): string {
  const job = jobId === undefined ? 'a job that the record does not name' : `job ${jobId}`;
  const names = keyPrefix === undefined ? '' : `, with names that begin with ${keyPrefix}`;
  const place = provider === undefined ? 'its provider' : `provider ${provider}`;
  return [
    why.replaceAll(/\s+/g, ' '),
    `${batchId} was ${status ?? 'in an unknown status'}. At ${place}, ${job} may still run${names}: cancel it there.`,
  ].join('\n');
}
