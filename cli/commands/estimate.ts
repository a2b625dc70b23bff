import { basename } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { dollars } from '../../shared/batch/cost.ts';
import { addMessageSchema } from '../../shared/batch/messages.ts';
import { ClientError } from '../../shared/client/index.ts';
import type { Settings } from '../../shared/config.ts';
import { type Estimate, entryOfKind, PROVIDER_KINDS } from '../../shared/operations/estimate.ts';
import { counted } from '../../shared/operations/findings.ts';
import {
  type CliContext,
  type ConnectionOptions,
  connecting,
  EXIT,
  openClient,
} from '../connect.ts';
import { hanging, oneLine, painter, widthOf } from '../terminal/output.ts';
import { countText, words } from '../text.ts';

interface EstimateOptions extends ConnectionOptions {
  readonly kind?: (typeof PROVIDER_KINDS)[number];
  readonly provider?: readonly string[];
  readonly endpoint?: string;
  readonly format?: 'openai' | 'native';
  readonly maxCost?: number;
  readonly inputPrice?: number;
  readonly outputPrice?: number;
  readonly problems: number;
  readonly json?: true;
}

export function addEstimateCommand(program: Command, context: CliContext): void {
  connecting(program.command('estimate'))
    .description('tells what a file would come to and what would be refused; sends nothing')
    .argument('<file>', 'requests, one JSON object a line')
    .option(
      '--provider <entries>',
      'provider entry, or several that it may go to, with commas (default: the first)',
      words,
    )
    .option('--endpoint <path>', "of all requests (default: the first line's url)")
    .addOption(new Option('--format <format>', 'of the bodies').choices(['openai', 'native']))
    .option('--max-cost <usd>', 'as the message would say', readNumber)
    .addOption(
      new Option('--kind <kind>', "without any stack: by a provider's published limits").choices(
        PROVIDER_KINDS,
      ),
    )
    .option('--input-price <usd>', 'with --kind: list price of a million tokens', readNumber)
    .option('--output-price <usd>', 'with --kind: list price of a million tokens', readNumber)
    .option('--problems <n>', 'show at most so many', readNumber, 20)
    .option('--json', 'one JSON document')
    .addHelpText(
      'after',
      `
Exits with 1 if the batch would be refused.

Examples:
  batch-handler estimate requests.jsonl
  batch-handler estimate requests.jsonl --provider openai,claude --max-cost 20
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
  // Only now: its tables are large.
  const { estimateFile } = await import('../../shared/operations/estimate.ts');
  const found = await estimateFile(file, entries, messageOf(options), options.problems);
  if (options.json) stdout.write(`${JSON.stringify(found)}\n`);
  else {
    const lines = estimateLines(basename(file), found, widthOf(stdout), painter(stdout));
    stdout.write(`${lines.join('\n')}\n`);
  }
  return found.problems > 0 ? EXIT.failed : EXIT.done;
}

async function entriesOf(options: EstimateOptions): Promise<Settings['providers']> {
  const { kind, inputPrice, outputPrice } = options;
  const isPriced = inputPrice !== undefined || outputPrice !== undefined;
  if (kind === undefined) {
    if (isPriced)
      throw new ClientError('invalid_input', 'prices of a stack are in its settings: add --kind');
    return (await openClient(options)).handler.settings().providers;
  }
  const price = isPriced ? { input: inputPrice ?? 0, output: outputPrice ?? 0 } : undefined;
  return { [kind]: entryOfKind(kind, price) };
}

function messageOf({ provider, endpoint, format, maxCost }: EstimateOptions) {
  const parsed = addMessageSchema.safeParse({ providers: provider, endpoint, format, maxCost });
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw new ClientError('invalid_input', issues.join('; '));
}

function readNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value < 0)
    throw new InvalidArgumentError('It must be a number from 0.');
  return value;
}

/** An estimate for people. */
function estimateLines(
  file: string,
  estimate: Estimate,
  width: number,
  paint: ReturnType<typeof painter>,
): readonly string[] {
  const { requests, problems, reasons, waits } = estimate;
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
  // What is wrong with lines leaves nothing to count on; a batch that is too dear has its figures.
  const hasFigures = reasons.every(({ line }) => line === undefined) && requests > 0;
  return [
    head,
    ...shown,
    ...(hidden > 0 ? [`  … and ${countText(hidden)} more, with --problems ${problems}`] : []),
    ...(hasFigures ? rows(estimate).flatMap(([name, text]) => row(name, text)) : []),
    ...waits.flatMap((wait) => row('waits', wait)),
    paint('dim', 'nothing was sent'),
  ];
}

function rows(estimate: Estimate): readonly (readonly [string, string])[] {
  const { providers, model, endpoint, requests, jobs, inputTokens, maxOutputTokens } = estimate;
  const answers = maxOutputTokens > 0 ? `, answers of at most ${countText(maxOutputTokens)}` : '';
  return [
    ['provider', providers.join(' or ')],
    ['model', model ?? '?'],
    ['endpoint', endpoint || '?'],
    ['jobs', jobs > 1 ? `${countText(jobs)}, as parts of one batch` : countText(jobs)],
    ['requests', countText(requests)],
    ['tokens', `about ${countText(inputTokens)} in prompts${answers}`],
    ['cost', costLine(estimate)],
  ];
}

function costLine({ cost, price, openEnded, providers }: Estimate): string {
  if (cost === null || price === null)
    return `unknown: there is no price for the model${providers.length > 1 ? ' at every entry' : ''} (docs/costs.md)`;
  const prices = `${dollars(price.input)} and ${dollars(price.output)} a million tokens`;
  const where = providers.length > 1 ? ' at the dearest entry' : '';
  const open =
    openEnded > 0
      ? `; ${counted(openEnded, 'request')} without a longest answer count with their prompts only`
      : '';
  return `about ${dollars(cost)} at most${where}, at ${prices}${open}`;
}
