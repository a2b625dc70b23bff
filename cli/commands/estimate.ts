import { type Command, Option } from 'commander';
import type { PriceTable } from '../../shared/batch/cost.ts';
import { ClientError } from '../../shared/client/clientError.ts';
import type { ProviderKind } from '../../shared/operations/settings.ts';
import type { Settings } from '../../shared/settings.ts';
import {
  type ConnectionOptions,
  openClient,
  withConflicts,
  withConnection,
  withNeed,
} from '../connect.ts';
import type { CliContext } from '../context.ts';
import { withInputs } from '../inputs.ts';
import { readCount, readList, readNotNegative, readPositive } from '../options.ts';

interface EstimateOptions extends ConnectionOptions {
  readonly kind?: ProviderKind;
  readonly provider?: readonly string[];
  readonly endpoint?: string;
  readonly format?: 'openai' | 'native';
  readonly maxCost?: number;
  readonly inputPrice?: number;
  readonly outputPrice?: number;
  readonly builtinPrices?: true;
  readonly exact?: true;
  readonly problems: number;
  readonly json?: true;
}

/** The names of all kinds, without loading their schemas. */
const KINDS: Readonly<Record<ProviderKind, true>> = {
  openai: true,
  'openai-compatible': true,
  'azure-openai': true,
  anthropic: true,
  'vertex-ai': true,
  bedrock: true,
  gemini: true,
  mistral: true,
  xai: true,
  together: true,
};

export function defineEstimate(command: Command, context: CliContext): void {
  for (const option of ['--input-price', '--output-price', '--builtin-prices'])
    withNeed(command, option, '--kind');
  const elsewhere = [
    ...['--stack', '--handler', '--region', '--profile', '--local'],
    ...['--directory', '--runtime', '--provider'],
  ];
  withConflicts(command, [
    ['--kind', ...elsewhere],
    ['--builtin-prices', '--input-price', '--output-price'],
  ]);
  withConnection(command)
    .argument('<files...>', 'JSONL files of requests, or - for stdin')
    .option(
      '--provider <entries>',
      'provider entry, or several to choose from, separated by commas (default: the first)',
      readList,
    )
    .option('--endpoint <path>', 'endpoint of all requests (default: url of the first line)')
    .addOption(
      new Option('--format <format>', 'format of the request bodies').choices(['openai', 'native']),
    )
    .option('--max-cost <usd>', 'limit on the cost of the batch', readPositive)
    .addOption(
      new Option(
        '--kind <kind>',
        'use the published limits of a provider instead of a stack',
      ).choices(Object.keys(KINDS)),
    )
    .option(
      '--input-price <usd>',
      'with --kind: list price of a million input tokens',
      readNotNegative,
    )
    .option(
      '--output-price <usd>',
      'with --kind: list price of a million output tokens',
      readNotNegative,
    )
    .option('--builtin-prices', 'with --kind: use the list prices that come with Batch Handler')
    .option(
      '--exact',
      'have the provider count the tokens (Anthropic, Gemini, Vertex AI), with your own key',
    )
    .option('--problems <n>', 'maximum number of problems to show', readCount, 20)
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      `
Exits with 1 if the batch would be refused.

Examples:
  batch-handler estimate requests.jsonl
  batch-handler estimate requests.jsonl --provider openai,claude --max-cost 20
  batch-handler estimate *.jsonl --kind openai --builtin-prices
  batch-handler estimate requests.jsonl --provider claude --exact
  batch-handler estimate requests.jsonl --kind openai --input-price 0.25 --output-price 2`,
    )
    .action(async (files: string[], options: EstimateOptions) =>
      context.end(await estimate(files, options, context)),
    );
}

async function estimate(
  files: readonly string[],
  options: EstimateOptions,
  context: CliContext,
): Promise<number> {
  return withInputs(files, context, async (inputs) => {
    const entries = await entriesOf(options);
    const message = await messageOf(options);
    // Imported here, because the tables of the tokenizer are large.
    const { estimateInputs } = await import('./estimates.ts');
    const { problems, json, builtinPrices, exact } = options;
    const environment = exact ? process.env : undefined;
    const isBuiltin = builtinPrices === true;
    const settings = { entries, message, problems, json, isBuiltin, environment };
    return estimateInputs(inputs, settings, context);
  });
}

async function entriesOf(options: EstimateOptions): Promise<Settings['providers']> {
  const { kind, inputPrice, outputPrice, builtinPrices } = options;
  const isPriced = inputPrice !== undefined || outputPrice !== undefined;
  // Imported here, because the schemas are many.
  const { entryOfKind, settingsOf } = await import('../../shared/operations/settings.ts');
  if (kind === undefined) return settingsOf((await openClient(options)).handler).providers;
  return {
    [kind]: entryOfKind(kind, isPriced ? namedPrices(options) : builtinPrices && 'builtin'),
  };
}

/** A price that is not named is unknown, which is never 0. */
function namedPrices({ inputPrice: input, outputPrice: output }: EstimateOptions): PriceTable {
  if (input !== undefined && output !== undefined) return { '*': { input, output } };
  const missing = input === undefined ? '--input-price' : '--output-price';
  throw new ClientError(
    'invalid_input',
    `${missing} is missing: name both prices, 0 for what is free`,
  );
}

async function messageOf({ provider, endpoint, format, maxCost }: EstimateOptions) {
  const [{ addMessageSchema: schema }, { invalidText }] = await Promise.all([
    import('../../shared/batch/messages.ts'),
    import('../../shared/invalid/text.ts'),
  ]);
  const input = { providers: provider, endpoint, format, maxCost };
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  throw new ClientError('invalid_input', invalidText(parsed.error, { input, schema }));
}
