import { basename } from 'node:path';
import { dollars } from '../../shared/batch/cost.ts';
import type { AddMessage } from '../../shared/batch/messages.ts';
import { type Estimate, estimateFile } from '../../shared/operations/estimate.ts';
import type { Settings } from '../../shared/settings.ts';
import { counted } from '../../shared/terminal.ts';
import { type CliContext, EXIT } from '../context.ts';
import type { InputFile } from '../inputs.ts';
import { hanging, oneLine, painter, widthOf } from '../terminal/output.ts';
import { countText } from '../text.ts';

interface EstimateSettings {
  readonly entries: Settings['providers'];
  /** The message that would add each input. */
  readonly message: AddMessage;
  /** The most problems of an input to show. */
  readonly problems: number;
  readonly json?: true | undefined;
  /** Whether the command asked for the built-in prices, and for no others. */
  readonly isBuiltin: boolean;
  /** With the key of the provider, to have it count the tokens. */
  readonly environment?: NodeJS.ProcessEnv | undefined;
}

/**
 * Estimates each input as a batch and prints what that finds.
 *
 * @returns the exit code: whether all would be accepted
 */
export async function estimateInputs(
  inputs: readonly InputFile[],
  settings: EstimateSettings,
  { stdout }: Pick<CliContext, 'stdout'>,
): Promise<number> {
  const { entries, message, problems, json, isBuiltin, environment } = settings;
  const all: Estimate[] = [];
  for (const { path, name } of inputs) {
    const estimate = await estimateFile(path, entries, message, problems, { environment, name });
    all.push(estimate);
    const title = name === '-' ? 'stdin' : basename(name);
    const lines = json
      ? [JSON.stringify({ file: name, ...estimate })]
      : estimateLines(title, { ...estimate, isBuiltin }, widthOf(stdout), painter(stdout));
    stdout.write(`${lines.join('\n')}\n`);
  }
  if (!json && all.length > 1) stdout.write(`${totalLine(all)}\n`);
  return all.some((each) => each.problems > 0) ? EXIT.failed : EXIT.done;
}

function totalLine(all: readonly Estimate[]): string {
  const sum = (value: (each: Estimate) => number): number =>
    all.reduce((before, each) => before + value(each), 0);
  const refused = all.filter(({ problems }) => problems > 0).length;
  const isKnown = all.every(({ cost }) => cost !== null);
  const parts = [
    `${counted(all.length, 'file')}: ${counted(
      sum(({ requests }) => requests),
      'request',
    )}`,
    `${counted(
      sum(({ jobs }) => jobs),
      'job',
    )}`,
    isKnown ? `about ${dollars(sum(({ cost }) => cost ?? 0))} at most` : 'cost unknown',
  ];
  return refused > 0
    ? `${refused} of ${counted(all.length, 'file')} would be refused`
    : parts.join(', ');
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
