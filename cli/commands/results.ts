import type { Command } from 'commander';
import {
  type CliContext,
  type ConnectionOptions,
  connecting,
  EXIT,
  openClient,
} from '../connect.ts';
import { pipe } from '../terminal/output.ts';
import { showTransfer, type Transfer } from '../terminal/progress.ts';
import { bytesText } from '../text.ts';

interface ResultsOptions extends ConnectionOptions {
  readonly out?: string;
  readonly errors?: true;
}

export function addResultsCommand(program: Command, context: CliContext): void {
  connecting(program.command('results'))
    .description('writes the rows of a batch, as JSON lines in the order of its input')
    .argument('<id>')
    .option('--out <file>', 'into this file, which appears whole or not at all (default: stdout)')
    .option('--errors', 'the rows of requests that did not succeed instead')
    .addHelpText(
      'after',
      `
Examples:
  batch-handler results my-batch --out results.jsonl
  batch-handler results my-batch | jq -r .response.body.choices[0].message.content
  batch-handler results my-batch --errors --local`,
    )
    .action(async (id: string, options: ResultsOptions) =>
      context.end(await results(id, options, context)),
    );
}

async function results(
  batchId: string,
  options: ResultsOptions,
  { stdout, stderr, now, interrupted: signal }: CliContext,
): Promise<number> {
  const { out } = options;
  const kind = options.errors ? 'errors' : 'results';
  const client = await openClient(options);
  const { bytes, content, isFinal } = await client.openRows(batchId, kind);
  // Rows on the same terminal would be drawn over.
  const isHidden = out === undefined && stdout.isTTY === true;
  const transfer = showTransfer(isHidden ? { write() {} } : stderr, batchId, now);
  try {
    const counted = counting(content, bytes, transfer);
    if (out === undefined) await pipe(counted, stdout);
    else {
      const { saveWhole } = await import('../../shared/client/rows.ts');
      await saveWhole(out, counted, signal);
    }
  } finally {
    transfer.end();
  }
  if (out !== undefined) stderr.write(`${kind} of ${batchId} in ${out} (${bytesText(bytes)})\n`);
  if (!isFinal) stderr.write(`${batchId} has not ended: more rows may follow\n`);
  return EXIT.done;
}

async function* counting(
  content: AsyncIterable<Uint8Array>,
  total: number,
  transfer: Transfer,
): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of content) {
    bytes += chunk.length;
    transfer.update(bytes, total);
    yield chunk;
  }
}
