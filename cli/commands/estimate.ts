import { basename } from 'node:path';
import { type Command, Option } from 'commander';
import { BUILTIN, dollars, type Price } from '../../shared/batch/cost.ts';
import { addMessageSchema } from '../../shared/batch/messages.ts';
import { ClientError } from '../../shared/client/clientError.ts';
import type { Estimate } from '../../shared/operations/estimate.ts';
import { entryOfKind, PROVIDER_KINDS, settingsOf } from '../../shared/operations/settings.ts';
import type { Settings } from '../../shared/settings.ts';
import { counted } from '../../shared/terminal.ts';
import { type ConnectionOptions, openClient, withConnection } from '../connect.ts';
import { type CliContext, EXIT } from '../context.ts';
import { readList, readNotNegative } from '../options.ts';
import { hanging, oneLine, painter, widthOf } from '../terminal/output.ts';
import { countText } from '../text.ts';

interface EstimateOptions extends ConnectionOptions {
  readonly kind?: (typeof PROVIDER_KINDS)[number];
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

export function addEstimateCommand(program: Command, context: CliContext): void {
  withConnection(program.command('estimate'))
    .description(
      'estimate the jobs, tokens and cost of a file, and show what would be refused; adds nothing',
    )
    .argument('<file>', 'JSONL file of requests')
    .option(
      '--provider <entries>',
      'provider entry, or several to choose from, separated by commas (default: the first)',
      readList,
    )
    .option('--endpoint <path>', 'endpoint of all requests (default: url of the first line)')
    .addOption(
      new Option('--format <format>', 'format of the request bodies').choices(['openai', 'native']),
    )
    .option('--max-cost <usd>', 'limit on the cost of the batch', readNotNegative)
    .addOption(
      new Option(
        '--kind <kind>',
        'use the published limits of a provider instead of a stack',
      ).choices(PROVIDER_KINDS),
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
    .option('--problems <n>', 'maximum number of problems to show', readNotNegative, 20)
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      `
Exits with 1 if the batch would be refused.

Examples:
  batch-handler estimate requests.jsonl
  batch-handler estimate requests.jsonl --provider openai,claude --max-cost 20
  batch-handler estimate requests.jsonl --kind openai --builtin-prices
  batch-handler estimate requests.jsonl --provider claude --exact
  batch-handler estimate requests.jsonl --kind openai --input-price 0.25 --output-price 2`,
    )
    .action(async (file: string, options: EstimateOptions) =>
      context.end(await estimate(file, options, context)),
    );
}

async function estimate(
  file: string,
  options: EstimateOptions,
  { stdout }: CliContext,
): Promise<number> {
  const entries = await entriesOf(options);
  // Imported here, because the tables of the tokenizer are large.
  const { estimateFile } = await import('../../shared/operations/estimate.ts');
  const message = messageOf(options);
  const environment = options.exact && process.env;
  const estimated = await estimateFile(file, entries, message, options.problems, environment);
  if (options.json) stdout.write(`${JSON.stringify(estimated)}\n`);
  else {
    const isBuiltin = options.builtinPrices === true;
    const shown = { ...estimated, isBuiltin };
    const lines = estimateLines(basename(file), shown, widthOf(stdout), painter(stdout));
    stdout.write(`${lines.join('\n')}\n`);
  }
  return estimated.problems > 0 ? EXIT.failed : EXIT.done;
}

async function entriesOf(options: EstimateOptions): Promise<Settings['providers']> {
  const { kind, inputPrice, outputPrice, builtinPrices } = options;
  const isPriced = inputPrice !== undefined || outputPrice !== undefined;
  if (isPriced && builtinPrices)
    throw new ClientError(
      'invalid_input',
      'name the prices, or take the built-in ones with --builtin-prices: not both',
    );
  if (kind === undefined) {
    if (isPriced || builtinPrices)
      throw new ClientError(
        'invalid_input',
        'the prices of a stack are in its settings: add --kind to name others',
      );
    return settingsOf((await openClient(options)).handler).providers;
  }
  const prices = isPriced ? { '*': priceOf(inputPrice, outputPrice) } : builtinPrices && BUILTIN;
  return { [kind]: entryOfKind(kind, prices) };
}

/** A price that is not named is unknown, which is never 0. */
function priceOf(input: number | undefined, output: number | undefined): Price {
  if (input !== undefined && output !== undefined) return { input, output };
  const missing = input === undefined ? '--input-price' : '--output-price';
  throw new ClientError(
    'invalid_input',
    `${missing} is missing: name both prices, 0 for what is free`,
  );
}

function messageOf({ provider, endpoint, format, maxCost }: EstimateOptions) {
  const parsed = addMessageSchema.safeParse({ providers: provider, endpoint, format, maxCost });
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw new ClientError('invalid_input', issues.join('; '));
}

interface ShownEstimate extends Estimate {
  /** Whether the command asked for the built-in prices, and for no others. */
  readonly isBuiltin: boolean;
}

/** The estimate as text. */
function estimateLines(
  file: string,
  estimate: ShownEstimate,
  width: number,
  paint: ReturnType<typeof painter>,
): readonly string[] {
  const { requests, problems, reasons, waits, countedBy } = estimate;
  const row = (name: string, text: string): readonly string[] =>
    hanging(`  ${name.padEnd(10)}`, text, width);
  const head =
    problems === 0
      ? `${file}: ${counted(requests, 'request')}`
      : paint(
          'red',
          `${file} would be refused: ${counted(problems, 'problem')} in ${counted(requests, 'request')}`,
        );
  const shown = reasons.flatMap(({ message, code }) =>
    hanging('  ', `${oneLine(message)} (${code})`, width),
  );
  const hidden = problems - reasons.length;
  // Wrong lines make the figures meaningless. A batch that is too expensive still has them.
  const hasFigures = reasons.every(({ line }) => line === undefined) && requests > 0;
  return [
    head,
    ...shown,
    ...(hidden > 0
      ? [`  … and ${countText(hidden)} more: see them with --problems ${problems}`]
      : []),
    ...(hasFigures ? figureRows(estimate).flatMap(([name, text]) => row(name, text)) : []),
    ...waits.flatMap((wait) => row('waits', wait)),
    paint(
      'dim',
      countedBy === null ? 'nothing was sent' : `prompts went to ${countedBy} to be counted`,
    ),
  ];
}

function figureRows(estimate: ShownEstimate): readonly (readonly [string, string])[] {
  const { providers, model, endpoint, requests, jobs, inputTokens, maxOutputTokens } = estimate;
  const { countedBy } = estimate;
  const prompts =
    countedBy === null
      ? `about ${countText(inputTokens)} in prompts`
      : `${countText(inputTokens)} in prompts, as ${countedBy} counts them`;
  const answers = maxOutputTokens > 0 ? `, answers of at most ${countText(maxOutputTokens)}` : '';
  return [
    ['provider', providers.join(' or ')],
    ['model', model ?? '?'],
    ['endpoint', endpoint || '?'],
    ['jobs', jobs > 1 ? `${countText(jobs)}, as parts of one batch` : countText(jobs)],
    ['requests', countText(requests)],
    ['tokens', `${prompts}${answers}`],
    ['cost', costLine(estimate)],
  ];
}

function costLine(estimate: ShownEstimate): string {
  const { cost, price, openEnded, providers, builtinPricesOf, isBuiltin } = estimate;
  if (cost === null || price === null) {
    if (isBuiltin)
      return 'unknown: the built-in list has no price of this model at this provider: name it with --input-price and --output-price';
    return `unknown: no price is set for the model${providers.length > 1 ? ' at every entry' : ''} (docs/costs.md)`;
  }
  const builtin = builtinPricesOf === null ? '' : ` (built-in prices of ${builtinPricesOf})`;
  const prices = `${dollars(price.input)} and ${dollars(price.output)} a million tokens${builtin}`;
  const where = providers.length > 1 ? ' at the most expensive entry' : '';
  const open =
    openEnded > 0
      ? `; of ${counted(openEnded, 'request')} without a token limit for answers, only the prompts are counted`
      : '';
  return `about ${dollars(cost)} at most${where}, at ${prices}${open}`;
}
