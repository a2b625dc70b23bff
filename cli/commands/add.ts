import { type Command, InvalidArgumentError, Option } from 'commander';
import { ClientError } from '../../shared/client/clientError.ts';
import type { AddedBatch, BatchHandlerClient, NewBatch } from '../../shared/client/index.ts';
import { omitUndefined } from '../../shared/omitUndefined.ts';
import { noteIfStopped, openClient, withConflicts, withConnection, withNeed } from '../connect.ts';
import { type CliContext, EXIT } from '../context.ts';
import { type InputFile, STDIN, withInputs } from '../inputs.ts';
import {
  type Moment,
  readCount,
  readInteger,
  readList,
  readMoment,
  readPair,
  readPositive,
  timeOf,
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
  readonly tenant?: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly maxCost?: number;
  readonly notBefore?: Moment;
  readonly format?: NewBatch['format'];
  readonly wait?: true;
  readonly check?: true;
  readonly problems: number;
}

export function defineAdd(command: Command, context: CliContext): void {
  withNeed(
    withNeed(withTimeout(withConnection(command)), '--timeout', '--wait'),
    '--problems',
    '--check',
  );
  withConflicts(command, [['--check', '--wait']])
    .argument('<files...>', 'JSONL files in the OpenAI batch format, - for stdin, or s3:// URLs')
    .option('--id <id>', 'batch id, for one file (default: file name and a hash of its content)')
    .option(
      '--provider <entries>',
      'provider entry, or several to choose from, separated by commas',
      readList,
    )
    .option('--priority <n>', '-500 to 499; higher starts first (default: 0)', readInteger)
    .option('--endpoint <path>', 'such as /v1/embeddings (default: url of the first line)')
    .option('--tenant <tenant>', 'who the batch belongs to (default: no tenant)')
    .addOption(
      new Option('--metadata <key=value>', 'passed to your processor and events; can be repeated')
        .argParser(readPair)
        .default({}, 'none'),
    )
    .option('--max-cost <usd>', 'limit on the cost of the batch', readPositive)
    .option(
      '--not-before <time>',
      'ISO 8601 time before which nothing is submitted, or a duration from now such as 2h',
      readMoment,
    )
    .addOption(
      new Option('--format <format>', 'format of the request bodies').choices(['openai', 'native']),
    )
    .option('--wait', 'show the batches until they have ended')
    .option('--check', 'inspect the files as the handler would, and send nothing')
    .option('--problems <n>', 'with --check: maximum number of problems to show', readCount, 20)
    .option('--json', 'print one JSON object per line')
    .addHelpText(
      'after',
      `
The command can be repeated: a batch that exists with the same input and options is not added again, and
--wait waits for it.

Examples:
  batch-handler add requests.jsonl --stack BatchHandler
  batch-handler add requests.jsonl --local --wait
  batch-handler add *.jsonl --provider openai,claude --metadata team=search --max-cost 20
  batch-handler add requests.jsonl --id nightly --not-before 2h --json
  batch-handler add requests.jsonl --check
  jq -c 'select(.body.model == "gpt-5-mini")' all.jsonl | batch-handler add - --id mini`,
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
  return withInputs(files, context, async (inputs) => {
    const client = await openClient(options);
    if (options.check) return checkInputs(client, inputs, options, context);
    const { checkFile } = await import('../../shared/client/upload.ts');
    // Checks every file before the first upload, so that a bad one does not leave the command half done.
    for (const { path, name } of inputs) if (!isUrl(path)) await checkFile(path, name);
    const added: AddedBatch[] = [];
    for (const input of inputs) added.push(await addInput(client, input, options, context));
    if (options.wait) return watchUntilEnded(client, added, watchSettings(options), context);
    await noteIfStopped(client, context);
    if (!options.json && context.stdout.isTTY)
      context.stderr.write(context.hint('track progress with: batch-handler watch\n'));
    return EXIT.done;
  });
}

async function addInput(
  client: BatchHandlerClient,
  input: InputFile,
  options: AddOptions,
  context: CliContext,
): Promise<AddedBatch> {
  const { stdout, stderr, now, interrupted: signal } = context;
  const { name } = input;
  const transfer = showTransfer(stderr, name, now);
  const batch = { ...batchOf(options, now()), file: input.path };
  let added: AddedBatch;
  try {
    added = await client.addBatch(batch, { onProgress: transfer.update, signal });
  } finally {
    transfer.end();
  }
  const text = options.json ? JSON.stringify({ ...added, file: name }) : addedText(added, name);
  stdout.write(`${text}\n`);
  if (!options.json && (added.existing === 'failed' || added.existing === 'cancelled')) {
    const batch = await client.getBatch(added.batchId);
    // Without rows, no request ever ran, and a retry would be refused.
    const text = batch?.results
      ? `to run it again: batch-handler retry ${added.batchId}`
      : 'none of its requests ever ran: to add it again, name it otherwise with --id';
    stderr.write(context.hint(`${text}\n`));
  }
  return added;
}

function addedText({ batchId, existing }: AddedBatch, name: string): string {
  return existing === undefined
    ? `added ${batchId} from ${name === STDIN ? 'stdin' : name}`
    : `${batchId} exists with the same input and options and is ${existing}: nothing was sent`;
}

/** Inspects the files by the rules and the settings of the handler. */
async function checkInputs(
  { handler }: BatchHandlerClient,
  inputs: readonly InputFile[],
  options: AddOptions,
  context: CliContext,
): Promise<number> {
  const url = inputs.find(({ path }) => isUrl(path));
  if (url !== undefined)
    throw new ClientError('invalid_input', `--check reads local files, and ${url.name} is none`);
  const [{ checkMessage }, { settingsOf }, { estimateInputs }] = await Promise.all([
    import('../../shared/client/addBatch.ts'),
    import('../../shared/operations/settings.ts'),
    import('./estimates.ts'),
  ]);
  const message = checkMessage(batchOf(options, context.now()), handler.providers);
  const { providers: entries } = settingsOf(handler);
  const { problems, json } = options;
  return estimateInputs(inputs, { entries, message, problems, json, isBuiltin: false }, context);
}

function batchOf(options: AddOptions, now: number): Omit<NewBatch, 'file' | 'requests'> {
  const { id: batchId, provider: entries = [], priority, endpoint } = options;
  const { tenant, metadata, maxCost, notBefore, format } = options;
  const place = entries.length > 1 ? { providers: [...entries] } : { provider: entries[0] };
  return omitUndefined({
    batchId,
    ...place,
    priority,
    endpoint,
    tenant,
    metadata,
    maxCost,
    notBefore: notBefore && timeOf(notBefore, now),
    format,
  });
}

function isUrl(file: string): boolean {
  return file.startsWith('s3://');
}
