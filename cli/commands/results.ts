import type { Command } from 'commander';
import prettyBytes from 'pretty-bytes';
import { type ConnectionOptions, openClient, withConnection } from '../connect.ts';
import { type CliContext, EXIT } from '../context.ts';
import { pipe } from '../terminal/output.ts';
import { showTransfer, type Transfer } from '../terminal/progress.ts';

interface ResultsOptions extends ConnectionOptions {
  readonly out?: string;
  readonly errors?: true;
}

export function defineResults(command: Command, context: CliContext): void {
  withConnection(command)
    .argument('<id>', 'batch id')
    .option(
      '--out <file>',
      'write to this file, which appears complete or not at all (default: -, stdout)',
    )
    .option('--errors', 'write the rows of requests that did not succeed instead')
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
  const out = options.out === '-' ? undefined : options.out;
  const kind = options.errors ? 'errors' : 'results';
  const client = await openClient(options);
  const { bytes, content, isFinal } = await client.openRows(batchId, kind);
  // Progress would overwrite rows on the same terminal.
  const isHidden = out === undefined && stdout.isTTY === true;
  const transfer = showTransfer(isHidden ? { write() {} } : stderr, batchId, now);
  try {
    const reported = reportProgress(content, bytes, transfer);
    if (out === undefined) await pipe(reported, stdout);
    else {
      const { saveFile } = await import('../../shared/client/saveFile.ts');
      await saveFile(out, reported, { name: `${batchId.replaceAll('/', '-')}.jsonl`, signal });
    }
  } finally {
    transfer.end();
  }
  if (out !== undefined)
    stderr.write(`${kind} of ${batchId} written to ${out} (${prettyBytes(bytes)})\n`);
  if (!isFinal) stderr.write(`${batchId} has not ended: more rows may follow\n`);
  return EXIT.done;
}

async function* reportProgress(
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
