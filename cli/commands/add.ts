import { type Command, InvalidArgumentError } from 'commander';
import type { BatchHandlerClient, NewBatch, Sent } from '../../shared/client/index.ts';
import { type CliContext, connecting, EXIT, openClient } from '../connect.ts';
import { showTransfer } from '../terminal/progress.ts';
import { words } from '../text.ts';
import { readPositive, type WaitingOptions, watchSettings, withTimeout } from '../waiting.ts';
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

export function addAddCommand(program: Command, context: CliContext): void {
  withTimeout(connecting(program.command('add')))
    .description('uploads files of requests and adds a batch for each')
    .argument('<files...>', 'JSONL files in the OpenAI batch format, or s3:// URLs')
    .option('--id <id>', "the batch's id (default: made of the file's name)")
    .option(
      '--provider <entries>',
      'provider entry, or several that it may go to, with commas',
      words,
    )
    .option('--priority <n>', '-500 to 499, higher starts first (default: 0)', readInteger)
    .option('--endpoint <path>', "such as /v1/embeddings (default: the first line's url)")
    .option(
      '--metadata <key=value>',
      'for your processor and events; may be repeated',
      readPair,
      {},
    )
    .option('--max-cost <usd>', 'what it may cost', readPositive)
    .option('--not-before <time>', 'ISO 8601 time before which nothing is submitted', readTime)
    .option('--format <format>', "what the requests' bodies are written in: openai or native")
    .option('--wait', 'shows the batches until they have ended')
    .option('--json', 'one JSON object a line')
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
  // All of them before the first upload: half of what was asked for helps nobody.
  for (const file of files) if (!isUrl(file)) await checkFile(file);
  const added: Sent[] = [];
  for (const file of files) added.push(await addFile(client, file, options, context));
  if (options.wait) return watchUntilEnded(client, added, watchSettings(options), context);
  if (!options.json && context.stdout.isTTY)
    context.stderr.write(`see how they stand with batch-handler watch\n`);
  return EXIT.done;
}

async function addFile(
  client: BatchHandlerClient,
  file: string,
  options: AddOptions,
  { stdout, stderr, now, interrupted: signal }: CliContext,
): Promise<Sent> {
  const transfer = showTransfer(stderr, file, now);
  let sent: Sent;
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
  const { id, provider, priority, endpoint, metadata, maxCost, notBefore, format } = options;
  const [only, ...others] = provider ?? [];
  return {
    file,
    metadata,
    ...(id === undefined ? {} : { batchId: id }),
    ...(only === undefined || others.length > 0 ? {} : { provider: only }),
    ...(others.length === 0 ? {} : { providers: [...(provider ?? [])] }),
    ...(priority === undefined ? {} : { priority }),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(maxCost === undefined ? {} : { maxCost }),
    ...(notBefore === undefined ? {} : { notBefore }),
    ...(format === undefined ? {} : { format }),
  };
}

function isUrl(file: string): boolean {
  return file.startsWith('s3://');
}

function readInteger(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value)) throw new InvalidArgumentError('It must be a whole number.');
  return value;
}

function readPair(text: string, pairs: Readonly<Record<string, string>>): Record<string, string> {
  const sign = text.indexOf('=');
  if (sign < 1) throw new InvalidArgumentError('It must look like key=value.');
  return { ...pairs, [text.slice(0, sign)]: text.slice(sign + 1) };
}

function readTime(text: string): string {
  const time = new Date(text);
  if (Number.isNaN(time.getTime()))
    throw new InvalidArgumentError('It must be a time such as 2027-01-01T00:00:00Z.');
  return time.toISOString();
}
