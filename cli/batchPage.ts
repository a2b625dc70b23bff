import type { BatchInfo, JobInfo } from '../shared/client/index.ts';
import { watchColumns } from './board.ts';
import { clip, hanging, oneLine, type Style } from './terminal/output.ts';
import { bar } from './terminal/progress.ts';
import { type Column, tableLines } from './terminal/table.ts';
import {
  costText,
  countText,
  durationText,
  finishedRequests,
  instantText,
  statusStyle,
} from './text.ts';

export interface PageSettings {
  readonly now: number;
  readonly width: number;
  readonly paint: (style: Style, text: string) => string;
}

const LABEL_WIDTH = 10;
const BAR_WIDTH = 20;

/** All of a batch, as lines: its own, its reasons, its parts. */
export function batchPage(
  batch: BatchInfo,
  parts: readonly BatchInfo[],
  settings: PageSettings,
): readonly string[] {
  const { width, paint, now } = settings;
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
    ...facts,
    ...section(
      'reasons',
      batch.reasons.flatMap((reason) => hanging('- ', reasonText(reason), width - 2)),
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

function factsOf(
  batch: BatchInfo,
  now: number,
): readonly (readonly [string, string | undefined])[] {
  const { counts, job, metadata, createdAt, endedAt, notBefore, deadlineAt } = batch;
  const { provider, model, endpoint, attempts, deliveries, partCount } = batch;
  const pairs = Object.entries(metadata).map(([key, value]) => `${key}=${value}`);
  return [
    ['provider', [provider, model, endpoint].filter(Boolean).join(', ')],
    // An input that was refused, or not looked at yet, has none to speak of.
    ...(counts.total > 0 ? requestFacts(batch) : []),
    [
      'attempts',
      `${countText(attempts)}${partCount === undefined ? '' : `, in ${partCount} parts`}`,
    ],
    ['job', job && `${job.id}, submitted ${ago(job.submittedAt, now)}`],
    ['deliveries', deliveries > 0 ? countText(deliveries) : undefined],
    ['cost', costsOf(batch)],
    ['priority', batch.priority === 0 ? undefined : String(batch.priority)],
    ['created', timeText(createdAt, now)],
    ['not before', notBefore && timeText(notBefore, now)],
    ['ended', endedAt && `${timeText(endedAt, now)}, after ${tookText(createdAt, endedAt)}`],
    ['deadline', endedAt === undefined ? timeText(deadlineAt, now) : undefined],
    ['cancelling', batch.cancelRequested && endedAt === undefined ? 'yes' : undefined],
    ['metadata', pairs.join(', ')],
    ['source', batch.source],
    ['input', batch.input],
    ['results', batch.results],
    ['errors', batch.errors ?? batch.inputErrors],
  ];
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

function costsOf({ cost, estimatedCost, maxCost }: BatchInfo): string {
  const bounds = [
    ...(estimatedCost === undefined ? [] : [`estimated ${costText(estimatedCost)}`]),
    ...(maxCost === undefined ? [] : [`at most ${costText(maxCost)}`]),
  ];
  const known = cost === null ? 'not known' : costText(cost);
  return bounds.length === 0 ? known : `${known} (${bounds.join(', ')})`;
}

function reasonText({ code, message, line }: BatchInfo['reasons'][number]): string {
  const place = line === undefined || message.startsWith('line ') ? '' : `line ${line}: `;
  return oneLine(`${code}: ${place}${message}`);
}

function timeText(time: string, now: number): string {
  return `${instantText(time)} (${ago(time, now)})`;
}

function ago(time: string, now: number): string {
  const milliseconds = now - Date.parse(time);
  return milliseconds < 0
    ? `in ${durationText(-milliseconds)}`
    : `${durationText(milliseconds)} ago`;
}

function tookText(from: string, to: string): string {
  return durationText(Date.parse(to) - Date.parse(from));
}

/** A URL is to be copied whole, whatever the width. */
function factText(text: string, room: number): string {
  const line = oneLine(text);
  return line.startsWith('s3://') ? line : clip(line, room);
}

/** What became of each job. */
const jobColumns: readonly Column<JobInfo>[] = [
  { title: '#', text: ({ attempt }) => String(attempt), rank: 0, align: 'right' },
  { title: 'ENDED', text: endText, rank: 0, style: endStyle },
  { title: 'REQUESTS', text: ({ requests }) => countText(requests), rank: 1, align: 'right' },
  { title: 'SUCCEEDED', text: ({ succeeded }) => countText(succeeded), rank: 1, align: 'right' },
  { title: 'TOOK', text: tookTextJobs, rank: 3, align: 'right' },
  { title: 'PROVIDER', text: ({ provider }) => provider, rank: 4 },
  { title: 'JOB', text: ({ id }) => id, rank: 2 },
];

function endText({ end, code }: JobInfo): string {
  return code === undefined || end === 'completed' ? end : `${end} (${code})`;
}

function endStyle({ end }: JobInfo) {
  return end === 'completed' ? 'green' : end === 'failed' ? 'red' : 'yellow';
}

function tookTextJobs({ submittedAt, endedAt }: JobInfo): string {
  return durationText(Date.parse(endedAt) - Date.parse(submittedAt));
}
