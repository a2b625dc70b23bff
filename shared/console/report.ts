import { html, raw } from 'hono/html';
import type { BatchInfo } from '../client/batchInfo.ts';
import { finishedRequests, whyText } from '../client/batchText.ts';
import { counted } from '../quota/waitingText.ts';
import { costFacts, endText, type Fact, factsOf, timeText } from './batchFacts.ts';
import { countText, durationText, instantText } from './format.ts';

export { reportedRows } from './reportRows.ts';

import { REPORT_STYLE } from './reportStyle.ts';
import { momentText, type Timeline, timelineOf } from './timeline.ts';
import { pictureOf, type Shape } from './timelineShapes.ts';

type Html = ReturnType<typeof html>;

/** What a report is made of. */
export interface Reported {
  readonly batch: BatchInfo;
  readonly parts: readonly BatchInfo[];
  /** Pieces of HTML with its rows. Default: none are in it. */
  readonly rows?: AsyncIterable<string> | undefined;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/**
 * One batch as one HTML file that needs nothing else: no script, and no request to anywhere. All texts are
 * escaped. Without rows, there is nothing of a request or an answer in it but the `custom_id` of failures.
 */
export async function* reportOf({ batch, parts, rows, now }: Reported): AsyncGenerator<string> {
  yield String(await head(batch, now));
  yield String(await body(batch, parts, now));
  if (rows) yield* rows;
  yield '</main>\n</body>\n</html>\n';
}

function head({ batchId }: BatchInfo, now: number): Html {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Batch ${batchId}</title>
<style>${raw(REPORT_STYLE)}</style>
</head>
<body>
<main>
<p class="dim">A batch of Batch Handler, as it was at ${momentText(now)}. All times are UTC.</p>
`;
}

const TONES: Partial<Record<BatchInfo['status'], string>> = {
  ...{ completed: 'good', failed: 'bad', cancelled: 'warn', retrying: 'warn' },
};

function body(batch: BatchInfo, parts: readonly BatchInfo[], now: number): Html {
  const { batchId, status, counts } = batch;
  const timeline = timelineOf(batch, now);
  return html`<h1>${batchId} <span class="${TONES[status] ?? 'busy'}">${status}</span></h1>
${state(batch, now)}
<h2>Requests and cost</h2>
${factList([
  ['Finished', `${countText(finishedRequests(batch))} of ${countText(counts.total)}`],
  ['Succeeded', countText(counts.succeeded)],
  ['Failed', countText(counts.failed)],
  ['Unfinished', countText(counts.unfinished)],
  ...costFacts(batch).map(([name, text]): Fact => [`Cost: ${name.toLowerCase()}`, text]),
])}
<h2>Its life</h2>
${picture(timeline)}
${lifeTable(timeline)}
${partsTable(parts)}
${failuresTable(batch)}
${problemsTable(batch)}
${reasonsTable(batch)}
${jobsTable(batch)}
<h2>Facts</h2>
${factList(factsOf(batch, now))}
`;
}

function state(batch: BatchInfo, now: number): Html {
  const { endedAt, waitingFor } = batch;
  if (endedAt === undefined && waitingFor) {
    const { text, since, until } = waitingFor;
    return html`<p class="dim">It waits for:</p><p class="state">${text}</p>
<p class="dim">${since === undefined ? '' : `Since ${timeText(since, now)}. `}${until === undefined ? '' : `Until ${timeText(until, now)}.`}</p>`;
  }
  const end = endedAt === undefined ? '' : endText(batch, `at ${instantText(endedAt)}`, now);
  return html`<p class="state">${end}</p><p>${whyText(batch)}</p>`;
}

function factList(facts: readonly Fact[]): Html {
  return html`<dl>${facts.map(([name, text]) => html`<dt>${name}</dt><dd>${text}</dd>`)}</dl>`;
}

function picture(timeline: Timeline): Html {
  const { height, shapes } = pictureOf(timeline);
  const name = timeline.segments.map(({ label }) => label).join(', ');
  return html`<svg role="img" aria-label="${name}" height="${height}">${shapes.map(shape)}</svg>`;
}

/** The names of elements and attributes are the project's own; their values are escaped. */
function shape({ tag, attributes, text, title, inside = [] }: Shape): Html {
  const all = Object.entries(attributes).map(([name, value]) => html` ${raw(name)}="${value}"`);
  const told = title === undefined ? '' : html`<title>${title}</title>`;
  return html`<${raw(tag)}${all}>${told}${text}${inside.map(shape)}</${raw(tag)}>`;
}

function table(
  name: string,
  titles: readonly string[],
  rows: readonly (readonly unknown[])[],
): Html {
  return html`<div class="scroll" tabindex="0" role="group" aria-label="${name}"><table>
<thead><tr>${titles.map((title) => html`<th scope="col">${title}</th>`)}</tr></thead>
<tbody>
${rows.map((cells) => html`<tr>${cells.map((cell) => html`<td>${String(cell)}</td>`)}</tr>\n`)}</tbody>
</table></div>
`;
}

function section(
  title: string,
  titles: readonly string[],
  rows: readonly (readonly unknown[])[],
): Html | string {
  return rows.length === 0 ? '' : html`<h2>${title}</h2>${table(title, titles, rows)}`;
}

function lifeTable({ segments }: Timeline): Html {
  const rows = segments.map(({ label, start, end, detail, reasons, isOpen }) => {
    const noted = reasons.map(
      ({ at = '', code, message }) => `${instantText(at)}: ${code}: ${message}`,
    );
    const told = [detail, ...noted].filter(Boolean).join('\n');
    return [
      label,
      momentText(start),
      isOpen ? 'now' : momentText(end),
      durationText(end - start),
      told,
    ];
  });
  return table('Its life as a table', ['What', 'From', 'Until', 'Length', 'Told meanwhile'], rows);
}

function partsTable(parts: readonly BatchInfo[]): Html | string {
  const rows = parts.map((part) => {
    const { batchId, status, counts } = part;
    const finished = `${countText(finishedRequests(part))} of ${countText(counts.total)}`;
    return [batchId, status, finished, countText(counts.failed), whyText(part)];
  });
  return section('Parts', ['Part', 'Status', 'Finished', 'Failed', 'Why'], rows);
}

function failuresTable({ failures }: BatchInfo): Html | string {
  if (!failures) return '';
  const { total, groups, other } = failures;
  const rows = groups.map(({ count, status = '–', code, example = '' }) => [
    countText(count),
    status,
    code,
    example,
  ]);
  if (other > 0) rows.push([countText(other), '–', 'other errors', '']);
  return section(
    `${counted(total, 'request')} failed`,
    ['Requests', 'HTTP status', 'Error', 'Such as'],
    rows,
  );
}

function problemsTable({ problems }: BatchInfo): Html | string {
  if (!problems) return '';
  const { total, groups, other } = problems;
  const rows = groups.map(({ count, message, code, lines }) => [
    countText(count),
    message,
    code,
    lines.join(', ') || 'the whole file',
  ]);
  if (other > 0) rows.push([countText(other), 'problems of other kinds', '', '']);
  return section(
    `The input was refused: ${counted(total, 'problem')}`,
    ['Times', 'What is wrong', 'Code', 'First lines'],
    rows,
  );
}

function reasonsTable({ reasons, problems }: BatchInfo): Html | string {
  // Those of a refused input are its first problems.
  if (problems) return '';
  const rows = reasons
    .toReversed()
    .map(({ at, attempt, code, message }) => [
      at === undefined ? 'not recorded' : instantText(at),
      attempt || '–',
      code,
      message,
    ]);
  return section('What happened to it', ['Time', 'Attempt', 'Code', 'Reason'], rows);
}

function jobsTable({ jobs }: BatchInfo): Html | string {
  const rows = jobs
    .toReversed()
    .map(({ attempt, end, code, succeeded, requests, submittedAt, endedAt, provider, id }) => [
      ...[
        attempt,
        code === undefined ? end : `${end} (${code})`,
        countText(succeeded),
        countText(requests),
      ],
      ...[
        instantText(submittedAt),
        durationText(Date.parse(endedAt) - Date.parse(submittedAt)),
        provider,
        id,
      ],
    ]);
  return section(
    'Past jobs',
    ['Attempt', 'End', 'Succeeded', 'Requests', 'Submitted', 'Took', 'Provider', 'Job'],
    rows,
  );
}
