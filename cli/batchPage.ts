import { finishedRequests } from '../shared/client/batchText.ts';
import type { BatchInfo, JobInfo } from '../shared/client/index.ts';
import { watchColumns } from './commands/watch.ts';
import { clip, hanging, oneLine, type Style } from './terminal/output.ts';
import { BAR_WIDTH, bar } from './terminal/progress.ts';
import { type Column, tableLines } from './terminal/table.ts';
import {
  ago,
  allFailuresHint,
  costText,
  countText,
  durationBetween,
  failureText,
  instantText,
  statusStyle,
  timeText,
} from './text.ts';

export interface PageSettings {
  readonly now: number;
  readonly width: number;
  readonly paint: (style: Style, text: string) => string;
  /** Completes a command in a text. */
  readonly hint: (text: string) => string;
}

const LABEL_WIDTH = 10;

/** A batch as lines: its facts, reasons, jobs and parts. */
export function batchPage(
  batch: BatchInfo,
  parts: readonly BatchInfo[],
  settings: PageSettings,
): readonly string[] {
  const { width, paint, now, hint } = settings;
  const room = width - LABEL_WIDTH - 4;
  const facts = factsOf(batch, now).flatMap(([label, text]) =>
    text === undefined || text === ''
      ? []
      : [`  ${paint('dim', label.padEnd(LABEL_WIDTH))}  ${factText(text, room)}`],
  );
  const section = (title: string, lines: readonly string[]): readonly string[] =>
    lines.length === 0 ? [] : ['', paint('bold', title), ...lines.map((line) => `  ${line}`)];
  return [
    `${paint('bold', batch.batchId)}  ${paint(statusStyle(batch), batch.status)}`,
    ...waitLines(batch, settings),
    ...facts,
    ...section(batch.problems ? 'problems' : 'failures', failureLines(batch, hint, width - 2)),
    // Those of a refused input are its first problems.
    ...section(
      'reasons',
      (batch.problems ? [] : batch.reasons).flatMap((reason) =>
        hanging('- ', reasonText(reason), width - 2),
      ),
    ),
    ...section(
      'jobs',
      batch.jobs.length === 0 ? [] : tableLines(jobColumns, batch.jobs, width - 2, paint),
    ),
    ...section(
      'parts',
      parts.length === 0 ? [] : tableLines(watchColumns(now), parts, width - 2, paint),
    ),
  ];
}

/** What an open batch waits for, whole: the provider's text says what to do. */
function waitLines({ waitingFor }: BatchInfo, { width, paint, now }: PageSettings) {
  if (!waitingFor) return [];
  const { text, until } = waitingFor;
  const label = 'waits for'.padEnd(LABEL_WIDTH);
  const [first = '', ...others] = hanging(`  ${label}  `, oneLine(text), width);
  const painted = first.replace(label, paint('dim', label));
  const time =
    until === undefined || Date.parse(until) < now
      ? []
      : [`  ${paint('dim', 'until'.padEnd(LABEL_WIDTH))}  ${timeText(until, now)}`];
  return [painted, ...others, ...time];
}

function factsOf(
  batch: BatchInfo,
  now: number,
): readonly (readonly [string, string | undefined])[] {
  const { counts, job, metadata, createdAt, endedAt, notBefore, deadlineAt } = batch;
  const { provider, model, endpoint, attempts, deliveries, partCount } = batch;
  const pairs = Object.entries(metadata).map(([key, value]) => `${key}=${value}`);
  return [
    ['provider', [provider, model, endpoint].filter(Boolean).join(', ')],
    // An input that was refused or not inspected yet has no counts.
    ...(counts.total > 0 ? requestFacts(batch) : []),
    [
      'attempts',
      `${countText(attempts)}${partCount === undefined ? '' : `, in ${partCount} parts`}`,
    ],
    ['job', job && jobText(job, now)],
    ['deliveries', deliveries > 0 ? countText(deliveries) : undefined],
    ['cost', costLine(batch)],
    ['priority', batch.priority === 0 ? undefined : String(batch.priority)],
    ['created', timeText(createdAt, now)],
    ['not before', notBefore && timeText(notBefore, now)],
    ['ended', endedAt && `${timeText(endedAt, now)}, after ${durationBetween(createdAt, endedAt)}`],
    ['deadline', endedAt === undefined ? timeText(deadlineAt, now) : undefined],
    ['cancelling', batch.cancelRequested && endedAt === undefined ? 'yes' : undefined],
    ['tenant', batch.tenant],
    ['metadata', pairs.join(', ')],
    ['source', batch.source],
    [
      'input',
      batch.inputExpiredAt ? `removed ${timeText(batch.inputExpiredAt, now)}` : batch.input,
    ],
    ['results', batch.results],
    ['errors', batch.errors ?? batch.inputErrors],
  ];
}

function jobText(job: NonNullable<BatchInfo['job']>, now: number): string {
  const { id, submittedAt, finished, estimatedEndAt } = job;
  const parts = [id, `submitted ${ago(submittedAt, now)}`];
  if (finished !== undefined) parts.push(`${countText(finished)} finished`);
  if (estimatedEndAt !== undefined) parts.push(`ends about ${timeText(estimatedEndAt, now)}`);
  return parts.join(', ');
}

function requestFacts(batch: BatchInfo): readonly (readonly [string, string])[] {
  const { total, succeeded, failed, unfinished } = batch.counts;
  const { inputTokens, outputTokens } = batch.usage;
  return [
    ['progress', `${bar(finishedRequests(batch), total, BAR_WIDTH)} of ${countText(total)}`],
    [
      'requests',
      `${countText(succeeded)} succeeded, ${countText(failed)} failed, ${countText(unfinished)} unfinished`,
    ],
    ['tokens', `${countText(inputTokens)} in, ${countText(outputTokens)} out`],
  ];
}

/** What failed in the batch, and the command that prints all of it. */
function failureLines(
  batch: BatchInfo,
  hint: PageSettings['hint'],
  width: number,
): readonly string[] {
  const what = failureText(batch);
  const all = allFailuresHint(batch);
  return what === ''
    ? []
    : [...hanging('- ', what, width), ...(all === undefined ? [] : [`  ${hint(all)}`])];
}

function costLine({ cost, estimatedCost, maxCost }: BatchInfo): string {
  const bounds = [
    ...(estimatedCost === undefined ? [] : [`estimated ${costText(estimatedCost)}`]),
    ...(maxCost === undefined ? [] : [`at most ${costText(maxCost)}`]),
  ];
  const known = cost === null ? 'unknown' : costText(cost);
  return bounds.length === 0 ? known : `${known} (${bounds.join(', ')})`;
}

/** A reason with its time and attempt: it is history, and need not be the present cause. */
function reasonText({
  code,
  message,
  line,
  at,
  attempt = 0,
}: BatchInfo['reasons'][number]): string {
  const place = line === undefined || message.startsWith('line ') ? '' : `line ${line}: `;
  const tried = attempt > 0 ? `, attempt ${attempt}` : '';
  const when = at === undefined ? '' : `${instantText(at)}${tried}: `;
  return oneLine(`${when}${code}: ${place}${message}`);
}

/** Cuts the text to the width, except a URL, which people copy. */
function factText(text: string, room: number): string {
  const line = oneLine(text);
  return line.startsWith('s3://') ? line : clip(line, room);
}

const jobColumns: readonly Column<JobInfo>[] = [
  { title: '#', text: ({ attempt }) => String(attempt), rank: 0, align: 'right' },
  { title: 'ENDED', text: jobEndText, rank: 0, style: jobEndStyle },
  { title: 'REQUESTS', text: ({ requests }) => countText(requests), rank: 1, align: 'right' },
  { title: 'SUCCEEDED', text: ({ succeeded }) => countText(succeeded), rank: 1, align: 'right' },
  {
    title: 'TOOK',
    text: ({ submittedAt, endedAt }) => durationBetween(submittedAt, endedAt),
    rank: 3,
    align: 'right',
  },
  { title: 'PROVIDER', text: ({ provider }) => provider, rank: 4 },
  { title: 'JOB', text: ({ id }) => id, rank: 2 },
];

function jobEndText({ end, code }: JobInfo): string {
  return code === undefined || end === 'completed' ? end : `${end} (${code})`;
}

function jobEndStyle({ end }: JobInfo) {
  return end === 'completed' ? 'green' : end === 'failed' ? 'red' : 'yellow';
}
