import { dollars } from '../../shared/batch/cost.ts';
import type { Estimate } from '../../shared/operations/estimate.ts';
import { counted } from '../../shared/terminal.ts';
import { hanging, oneLine, type painter } from '../terminal/output.ts';
import { countText } from '../text.ts';

interface ShownEstimate extends Estimate {
  /** Whether the command asked for the built-in prices, and for no others. */
  readonly isBuiltin: boolean;
}

/** The estimate as text. */
export function estimateLines(
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
