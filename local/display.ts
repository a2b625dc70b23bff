import type { StateChange } from '../shared/batch/contracts.ts';
import { failuresText, problemsText } from '../shared/batch/failuresText.ts';
import { notableText, type WaitingFor } from '../shared/client/index.ts';
import { omitUndefined } from '../shared/omitUndefined.ts';
import { clip, createLiveLines, type Output, oneLine } from '../shared/terminal.ts';
import { type BatchView, isFinished, latestReason } from './batches.ts';
import type { RowFiles } from './results.ts';
import type { HandlerNames } from './stackSettings.ts';
import { LOCAL_ACCOUNT_ID, LOCAL_CREDENTIALS, LOCAL_REGION } from './template/account.ts';

/** Shows the state of the batches. */
export interface Display {
  update(views: readonly BatchView[]): void;
  /** Writes a line above the lines that are redrawn. */
  note(text: string): void;
}

/** On a terminal, redraws one line per batch. Elsewhere, writes a line for each change. */
export function createDisplay(output: Output): Display {
  return output.isTTY === true ? createLiveDisplay(output) : createPlainDisplay(output);
}

function createPlainDisplay(output: Output): Display {
  const shown = new Map<string, string>();
  return {
    update(views) {
      for (const view of views) {
        const state = stateOf(view);
        if (shown.get(view.batchId) === state) continue;
        shown.set(view.batchId, state);
        output.write(`${batchLine(view)}\n`);
      }
    },
    note: (text) => output.write(`${text}\n`),
  };
}

function createLiveDisplay(output: Output): Display {
  const live = createLiveLines(output);
  return {
    update(views) {
      const { columns, rows = 24 } = output;
      const width = columns || 80;
      const shown = views.length < rows ? views : openFirst(views);
      live.draw(shown.map((view) => clip(batchLine(view), width - 1)));
    },
    note: live.note,
  };
}

/** For more batches than fit: the open ones, then those that have ended, the newest first. */
function openFirst(views: readonly BatchView[]): readonly BatchView[] {
  const ended = views.filter(isFinished).sort((one, other) => other.statusAt - one.statusAt);
  return [...views.filter((view) => !isFinished(view)), ...ended];
}

/** The latest state of the batches, read from the table or reported by an event. */
export interface Board {
  readonly views: readonly BatchView[];
  /** Shows the state in the table. */
  show(views: readonly BatchView[]): void;
  /** Shows a change that an event reports, which the next read of the table may miss. */
  showChange(change: StateChange): void;
}

export function createBoard(display: Display): Board {
  let views: readonly BatchView[] = [];
  const show = (latest: readonly BatchView[]): void => {
    views = latest;
    display.update(views);
  };
  return {
    get views() {
      return views;
    },
    show,
    showChange({ batchId, to, attempt, counts, reasons, failures, problems, at }) {
      const statusAt = Date.parse(at);
      show(
        views.map((view) => {
          // Events may be late, and then the state from the table is newer.
          if (view.batchId !== batchId || statusAt < view.statusAt) return view;
          const { total, succeeded, failed } = counts;
          return {
            ...view,
            status: to,
            statusAt,
            attempts: attempt,
            counts: { total, succeeded, failed },
            reason: latestReason(reasons),
            failures,
            problems,
            // It is read with the record.
            waitingFor: undefined,
          };
        }),
      );
    },
  };
}

/** Statuses whose latest reason is shown. An open batch has what it waits for instead. */
const EXPLAINED: ReadonlySet<BatchView['status']> = new Set(['failed', 'cancelled', 'refused']);

/** Decides what is news. A batch that moves up in its queue is none. */
function stateOf({ waitingFor, ...view }: BatchView): string {
  const isNews = waitingFor && notableText(waitingFor) !== '';
  const until = waitingFor?.kind === 'blocked' ? '' : waitingFor?.until;
  const wait = isNews ? `${waitingFor.kind} ${until}` : '';
  return `${batchLine(view)} ${wait}`;
}

/** Why a batch has not succeeded. */
function endText({ status, problems, reason }: BatchView): string | undefined {
  if (!EXPLAINED.has(status)) return undefined;
  return problems ? problemsText(problems) : reason;
}

/** A provider's refusal is told once, in a note, and not for each batch that waits for it. */
function waitText(waiting: WaitingFor): string {
  return waiting.kind === 'blocked' ? `${waiting.provider} is blocked` : notableText(waiting);
}

function batchLine(view: BatchView): string {
  const { batchId, status, attempts, counts, waitingFor } = view;
  const parts = [batchId, status.padEnd(10)];
  if (attempts > 0) parts.push(`attempt ${attempts}`);
  if (counts.total > 0)
    parts.push(
      `${counts.succeeded} of ${counts.total} succeeded${counts.failed > 0 ? `, ${counts.failed} failed` : ''}`,
    );
  const why = waitingFor ? waitText(waitingFor) : endText(view);
  if (why) parts.push(`(${oneLine(why)})`);
  return parts.join('  ');
}

/** Shell commands that set the environment with which the AWS CLI and SDKs reach the stack. */
export function shellEnvironment(endpointUrl: string, names: Partial<HandlerNames>): string {
  const variables = {
    AWS_ENDPOINT_URL: endpointUrl,
    AWS_REGION: LOCAL_REGION,
    AWS_DEFAULT_REGION: LOCAL_REGION,
    AWS_ACCESS_KEY_ID: LOCAL_CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: LOCAL_CREDENTIALS.secretAccessKey,
    QUEUE_URL: names.batchQueue && `${endpointUrl}/${LOCAL_ACCOUNT_ID}/${names.batchQueue}`,
    BUCKET: names.bucket,
    TABLE: names.table,
  };
  return Object.entries(omitUndefined(variables))
    .map(([name, value]) => `export ${name}=${value}\n`)
    .join('');
}

/** A batch at the end of a run, with the places of its results. */
export interface EndedBatch {
  readonly view: BatchView;
  readonly files: RowFiles;
  /** URLs of the objects that the processor wrote. */
  readonly processed: readonly string[];
}

/** The summary of a run for people. */
export function summary(batches: readonly EndedBatch[]): string {
  return batches.map(paragraph).join('\n');
}

function paragraph({ view, files, processed }: EndedBatch): string {
  const { batchId, status, attempts, counts, deliveries, reason, failures, problems } = view;
  const numbers = `attempts ${attempts}, deliveries ${deliveries}, ${counts.succeeded} of ${counts.total} succeeded, ${counts.failed} failed`;
  const lines = [`${batchId}: ${status}, ${numbers}`];
  if (problems) lines.push(`  problems   ${oneLine(problemsText(problems))}`);
  else if (status !== 'completed' && reason !== undefined)
    lines.push(`  reason     ${oneLine(reason)}`);
  const failed = failures && oneLine(failuresText(failures));
  if (failed) lines.push(`  failures   ${failed}`);
  if (status === 'refused' || !isFinished(view)) return `${lines.join('\n')}\n`;
  lines.push(`  results    ${files.results}`, `  errors     ${files.errors}`);
  for (const url of processed) lines.push(`  processed  ${url}`);
  return `${lines.join('\n')}\n`;
}

/** The summary of a run for programs: one JSON line per batch. */
export function jsonLines(batches: readonly EndedBatch[]): string {
  return batches
    .map(({ view, files }) => {
      const { batchId, status, attempts, counts, deliveries, failures, problems } = view;
      const numbers = { batchId, status, attempts, counts, deliveries, failures, problems };
      const { results, errors } = files;
      return `${JSON.stringify({ ...numbers, results, errors })}\n`;
    })
    .join('');
}
