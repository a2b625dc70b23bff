import { dollars } from '../shared/batch/cost.ts';
import { counted } from '../shared/operations/counted.ts';
import type { Estimate } from '../shared/operations/estimate/estimateFile.ts';
import { oneLine, type painter } from './terminal/output.ts';
import { hanging } from './terminal/wrap.ts';
import { countText } from './text.ts';

/** An estimate for people. */
export function estimateLines(
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
