import type { Command } from 'commander';
import type { BatchInfo } from '../../shared/client/index.ts';
import { batchPage } from '../batchPage.ts';
import {
  type CliContext,
  type ConnectionOptions,
  connecting,
  EXIT,
  openClient,
} from '../connect.ts';
import { painter, widthOf } from '../terminal/output.ts';

interface ShowOptions extends ConnectionOptions {
  readonly json?: true;
}

export function addShowCommand(program: Command, context: CliContext): void {
  connecting(program.command('show'))
    .description('shows everything that is known of a batch')
    .argument('<id>', 'of a batch; of a part of one, <id>/<n>')
    .option('--json', 'one JSON document')
    .addHelpText(
      'after',
      `
Examples:
  batch-handler show my-batch --stack BatchHandler
  batch-handler show my-batch/3 --local
  batch-handler show my-batch --json | jq .counts`,
    )
    .action(async (id: string, options: ShowOptions) =>
      context.end(await show(id, options, context)),
    );
}

async function show(
  batchId: string,
  options: ShowOptions,
  { stdout, now }: CliContext,
): Promise<number> {
  const client = await openClient(options);
  const batch = await client.getBatch(batchId);
  if (batch === undefined) {
    const { ClientError } = await import('../../shared/client/index.ts');
    throw new ClientError('unknown_batch', `there is no batch ${batchId}`);
  }
  const parts: readonly BatchInfo[] =
    batch.partCount === undefined ? [] : await client.getParts(batchId);
  if (options.json) {
    stdout.write(`${JSON.stringify({ ...batch, parts })}\n`);
    return EXIT.done;
  }
  const lines = batchPage(batch, parts, {
    now: now(),
    width: widthOf(stdout),
    paint: painter(stdout),
  });
  stdout.write(`${lines.join('\n')}\n`);
  return EXIT.done;
}
