import { type Command, InvalidArgumentError, Option } from 'commander';
import type { BatchHandlerClient, NewBatch, SentMessage } from '../../shared/client/index.ts';
import { omitUndefined } from '../../shared/omitUndefined.ts';
import { openClient, withConnection } from '../connect.ts';
import { type CliContext, EXIT } from '../context.ts';
import {
  readInteger,
  readList,
  readPair,
  readPositive,
  readTime,
  type WaitingOptions,
  watchSettings,
  withTimeout,
} from '../options.ts';
import { showTransfer } from '../terminal/progress.ts';
import { watchUntilEnded } from './watch.ts';

interface AddOptions extends WaitingOptions {
  readonly id?: string;
  readonly provider?: readonly string[];
  readonly priority?: number;
  readonly endpoint?: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly maxCost?: number;
  readonly notBefore?: string;
  readonly format?: NewBatch['format'];
  readonly wait?: true;
}

export function defineAdd(command: Command, context: CliContext): void {
  withTimeout(withConnection(command))
    .argument('<files...>', 'JSONL files in the OpenAI batch format, or s3:// URLs')
    .option('--id <id>', 'batch id, for one file (default: file name and a random suffix)')
    .option(
      '--provider <entries>',
      'provider entry, or several to choose from, separated by commas',
      readList,
    )
    .option('--priority <n>', '-500 to 499; higher starts first (default: 0)', readInteger)
    .option('--endpoint <path>', 'such as /v1/embeddings (default: url of the first line)')
    .addOption(
      new Option('--metadata <key=value>', 'passed to your processor and events; can be repeated')
        .argParser(readPair)
        .default({}, 'none'),
    )
    .option('--max-cost <usd>', 'limit on the cost of the batch', readPositive)
    .option('--not-before <time>', 'ISO 8601 time before which nothing is submitted', readTime)
    .option('--format <format>', 'format of the request bodies: openai or native')
    .option('--wait', 'show the batches until they have ended')
    .option('--json', 'print one JSON object per line')
    .addHelpText(
      'after',
      `
Examples:
  batch-handler add requests.jsonl --stack BatchHandler
  batch-handler add requests.jsonl --local --wait
  batch-handler add *.jsonl --provider openai,claude --metadata team=search --max-cost 20
  batch-handler add requests.jsonl --id nightly --not-before 2027-01-01T00:00:00Z --json`,
    )
    .action(async (files: string[], options: AddOptions) =>
      context.end(await add(files, options, context)),
    );
}

async function add(
  files: readonly string[],
  options: AddOptions,
  context: CliContext,
): Promise<number> {
  if (files.length > 1 && options.id !== undefined)
    throw new InvalidArgumentError(`--id names one batch, but there are ${files.length} files`);
  const client = await openClient(options);
  const { checkFile } = await import('../../shared/client/addBatch.ts');
  // Checks every file before the first upload, so that a bad one does not leave the command half done.
  for (const file of files) if (!isUrl(file)) await checkFile(file);
  const added: SentMessage[] = [];
  for (const file of files) added.push(await addFile(client, file, options, context));
  if (options.wait) return watchUntilEnded(client, added, watchSettings(options), context);
  if (!options.json && context.stdout.isTTY)
    context.stderr.write(context.hint('track progress with: batch-handler watch\n'));
  return EXIT.done;
}

async function addFile(
  client: BatchHandlerClient,
  file: string,
  options: AddOptions,
  { stdout, stderr, now, interrupted: signal }: CliContext,
): Promise<SentMessage> {
  const transfer = showTransfer(stderr, file, now);
  let sent: SentMessage;
  try {
    sent = await client.addBatch(batchOf(file, options), { onProgress: transfer.update, signal });
  } finally {
    transfer.end();
  }
  stdout.write(
    options.json
      ? `${JSON.stringify({ ...sent, file })}\n`
      : `added ${sent.batchId} from ${file}\n`,
  );
  return sent;
}

function batchOf(file: string, options: AddOptions): NewBatch {
  const { id: batchId, provider: entries = [], priority, endpoint } = options;
  const { metadata, maxCost, notBefore, format } = options;
  const place = entries.length > 1 ? { providers: [...entries] } : { provider: entries[0] };
  return omitUndefined({
    file,
    batchId,
    ...place,
    priority,
    endpoint,
    metadata,
    maxCost,
    notBefore,
    format,
  });
}

function isUrl(file: string): boolean {
  return file.startsWith('s3://');
}
