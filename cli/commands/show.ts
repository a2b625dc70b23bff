import type { Command } from 'commander';
import { ClientError } from '../../shared/client/clientError.ts';
import type { BatchHandlerClient, BatchInfo } from '../../shared/client/index.ts';
import { batchPage } from '../batchPage.ts';
import {
  type ConnectionOptions,
  openClient,
  withConflicts,
  withConnection,
  withNeed,
} from '../connect.ts';
import { type CliContext, EXIT } from '../context.ts';
import { painter, pipe, widthOf } from '../terminal/output.ts';

interface ShowOptions extends ConnectionOptions {
  readonly json?: true;
  readonly html?: true;
  readonly rows?: true;
}

export function defineShow(command: Command, context: CliContext): void {
  const connected = withConflicts(withConnection(command), [['--html', '--json']]);
  withNeed(connected, '--rows', '--html')
    .argument('<id>', 'batch id; <id>/<n> for a part')
    .option('--json', 'print one JSON document')
    .option('--html', 'print one HTML file that needs nothing else, to be kept or sent')
    .option('--rows', 'with the first 1,000 failed and 100 succeeded requests and their rows')
    .addHelpText(
      'after',
      `
Examples:
  batch-handler show my-batch --stack BatchHandler
  batch-handler show my-batch/3 --local
  batch-handler show my-batch --json | jq .counts
  batch-handler show my-batch --html > my-batch.html`,
    )
    .action(async (id: string, options: ShowOptions) =>
      context.end(await show(id, options, context)),
    );
}

async function show(
  batchId: string,
  options: ShowOptions,
  { stdout, now, hint }: CliContext,
): Promise<number> {
  const client = await openClient(options);
  const batch = await client.getBatch(batchId);
  if (batch === undefined) throw new ClientError('unknown_batch', `there is no batch ${batchId}`);
  const parts: readonly BatchInfo[] =
    batch.partCount === undefined ? [] : await client.getParts(batchId);
  if (options.json) {
    stdout.write(`${JSON.stringify({ ...batch, parts })}\n`);
    return EXIT.done;
  }
  if (options.html) {
    await writeReport(client, { batch, parts }, options, { stdout, now });
    return EXIT.done;
  }
  const lines = batchPage(batch, parts, {
    hint,
    now: now(),
    width: widthOf(stdout),
    paint: painter(stdout),
  });
  stdout.write(`${lines.join('\n')}\n`);
  return EXIT.done;
}

/** Writes the report piece by piece, and waits whenever the output is full. */
async function writeReport(
  { connection }: Pick<BatchHandlerClient, 'connection'>,
  shown: { readonly batch: BatchInfo; readonly parts: readonly BatchInfo[] },
  { rows: hasRows }: ShowOptions,
  { stdout, now }: Pick<CliContext, 'stdout' | 'now'>,
): Promise<void> {
  // Imported here, because only this needs what makes HTML.
  const { reportOf, reportedRows } = await import('../../shared/console/report.ts');
  const { batchId } = shown.batch;
  const rows = hasRows ? reportedRows({ connection, now }, batchId) : undefined;
  await pipe(reportOf({ ...shown, rows, now: now() }), stdout);
}
