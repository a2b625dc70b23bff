import type { Command } from 'commander';
import { isEnded } from '../../shared/batch/status.ts';
import { finishedRequests } from '../../shared/client/batchText.ts';
import type { AddedBatch, BatchHandlerClient, BatchInfo } from '../../shared/client/index.ts';
import { createLiveLines, durationText } from '../../shared/terminal.ts';
import { noteIfStopped, openClient, withConnection } from '../connect.ts';
import { type CliContext, EXIT } from '../context.ts';
import { explain } from '../explain.ts';
import { type WaitingOptions, type WatchSettings, watchSettings, withTimeout } from '../options.ts';
import { painter, widthOf } from '../terminal/output.ts';
import { BAR_WIDTH, bar } from '../terminal/progress.ts';
import { type Column, tableLines } from '../terminal/table.ts';
import { allFailuresHint, countText, statusStyle, whyText } from '../text.ts';

export function defineWatch(command: Command, context: CliContext): void {
  withTimeout(withConnection(command))
    .argument('[ids...]', 'batch ids (default: all that have not ended)')
    .option('--json', 'print one JSON object per line for every change')
    .addHelpText(
      'after',
      `
Exits with 0 if all batches completed, otherwise with 1.

Examples:
  batch-handler watch my-batch --stack BatchHandler
  batch-handler watch --local
  batch-handler watch my-batch --json --timeout 3600`,
    )
    .action(async (ids: string[], options: WaitingOptions) =>
      context.end(await watch(ids, options, context)),
    );
}

async function watch(
  ids: readonly string[],
  options: WaitingOptions,
  context: CliContext,
): Promise<number> {
  const client = await openClient(options);
  const watched = [...new Set(ids)];
  if (ids.length === 0)
    for await (const { batchId } of client.listBatches({ status: 'open' })) watched.push(batchId);
  if (watched.length === 0) {
    context.stderr.write(`every batch in ${client.handler.name} has ended\n`);
    return EXIT.done;
  }
  return watchUntilEnded(client, watched, watchSettings(options), context);
}

/**
 * Shows batches until all have ended.
 *
 * @param batches ids, or results of `addBatch`, which may still be refused
 * @returns the exit code
 */
export async function watchUntilEnded(
  client: BatchHandlerClient,
  batches: readonly (string | AddedBatch)[],
  { json, pollSeconds, timeoutSeconds }: WatchSettings,
  context: CliContext,
): Promise<number> {
  if (await hasOpen(client, batches)) await noteIfStopped(client, context);
  const ids = batches.map((batch) => (typeof batch === 'string' ? batch : batch.batchId));
  const board = createBoard(context, ids, json);
  const { interrupted: signal } = context;
  const codes = await Promise.all(
    batches.map(async (batch) => {
      const options = { pollSeconds, timeoutSeconds, signal, onPoll: board.update };
      try {
        const ended = await client.waitForBatch(batch, options);
        const all = json ? undefined : allFailuresHint(ended);
        if (all !== undefined) board.note(context.hint(all));
        return codeOf(ended);
      } catch (error) {
        signal.throwIfAborted();
        const { line, exitCode } = explain(error);
        board.note(context.hint(line));
        return exitCode;
      }
    }),
  );
  return Math.max(...codes, EXIT.done);
}

/** Whether any of them waits for the handler, as far as that costs no request to AWS. */
async function hasOpen(
  { connection }: BatchHandlerClient,
  batches: readonly (string | AddedBatch)[],
): Promise<boolean> {
  if (!connection.process) return false;
  const ids = batches.map((batch) => (typeof batch === 'string' ? batch : batch.batchId));
  const found = await Promise.all(ids.map((id) => connection.batches.get(id)));
  return found.some((batch, index) =>
    batch ? !isEnded(batch.status) : typeof batches[index] !== 'string',
  );
}

function codeOf({ status }: BatchInfo): number {
  return status === 'completed' ? EXIT.done : EXIT.failed;
}

/** Shows the batches that are being watched. */
interface Board {
  update(batch: BatchInfo): void;
  /** Writes a separate line. */
  note(text: string): void;
}

/**
 * A live table on a terminal; elsewhere one line or JSON object for every change.
 *
 * @param batchIds ids in the order of the table
 */
export function createBoard(
  context: CliContext,
  batchIds: readonly string[],
  json: boolean,
): Board {
  const { stdout } = context;
  if (json)
    return plainBoard(
      context,
      (batch) => JSON.stringify(batch),
      (batch) => stateOf(batch),
    );
  if (stdout.isTTY === true) return liveBoard(context, batchIds);
  // A wait that the line does not tell is no news: the line would be there twice.
  return plainBoard(context, changeLine, (batch) => stateOf(batch, whyText(batch) !== ''));
}

function plainBoard(
  { stdout, stderr }: CliContext,
  text: (batch: BatchInfo) => string,
  stateOf: (batch: BatchInfo) => string,
): Board {
  const shown = new Map<string, string>();
  return {
    update(batch) {
      const state = stateOf(batch);
      if (shown.get(batch.batchId) === state) return;
      shown.set(batch.batchId, state);
      stdout.write(`${text(batch)}\n`);
    },
    note: (line) => stderr.write(`${line}\n`),
  };
}

/**
 * Changes with the status, with what is waited for and with every tenth of the requests, and so
 * decides what is shown. A batch that moves up in its queue is not news.
 */
function stateOf(batch: BatchInfo, tellsWait = true): string {
  const { status, statusAt, counts, waitingFor } = batch;
  const tenth = counts.total > 0 ? Math.floor((10 * finishedRequests(batch)) / counts.total) : 0;
  const wait = tellsWait ? `${waitingFor?.kind} ${waitingFor?.until}` : '';
  return `${status} ${statusAt} ${tenth} ${wait}`;
}

function liveBoard({ stdout, now }: CliContext, batchIds: readonly string[]): Board {
  const live = createLiveLines(stdout);
  const paint = painter(stdout);
  const batches = new Map<string, BatchInfo>();
  const explained = new Set<string>();
  /** Writes the whole reason above the table, which has room for its first words only. */
  const explainEnd = (batch: BatchInfo): void => {
    const why = batch.endedAt === undefined ? '' : whyText(batch);
    if (why === '' || explained.has(batch.batchId)) return;
    explained.add(batch.batchId);
    live.note(`${batch.batchId} ${paint(statusStyle(batch), batch.status)}: ${why}`);
  };
  return {
    update(batch) {
      batches.set(batch.batchId, batch);
      explainEnd(batch);
      const rows = batchIds.flatMap((id) => batches.get(id) ?? []);
      live.draw(tableLines(watchColumns(now()), rows, widthOf(stdout) - 1, paint));
    },
    note: live.note,
  };
}

export function watchColumns(now: number): readonly Column<BatchInfo>[] {
  const since = ({ createdAt, endedAt }: BatchInfo): string =>
    durationText((endedAt === undefined ? now : Date.parse(endedAt)) - Date.parse(createdAt));
  return [
    { title: 'BATCH', text: ({ batchId }) => batchId, rank: 0, minWidth: 30 },
    { title: 'STATUS', text: ({ status }) => status.padEnd(10), rank: 0, style: statusStyle },
    {
      title: 'PROGRESS',
      text: (batch) => bar(finishedRequests(batch), batch.counts.total, BAR_WIDTH),
      rank: 1,
      style: statusStyle,
    },
    { title: 'REQUESTS', text: ({ counts }) => countText(counts.total), rank: 4, align: 'right' },
    {
      title: 'FAILED',
      text: ({ counts }) => countText(counts.failed),
      rank: 5,
      align: 'right',
      style: ({ counts }) => (counts.failed > 0 ? 'red' : undefined),
    },
    { title: 'TRIES', text: ({ attempts }) => countText(attempts), rank: 6, align: 'right' },
    { title: 'TIME', text: since, rank: 2, align: 'right' },
    { title: '', text: whyText, rank: 3, minWidth: 12 },
  ];
}

/** One batch in one line, for outputs that are not redrawn. */
function changeLine(batch: BatchInfo): string {
  const { batchId, status, attempts, counts } = batch;
  const parts = [batchId, status.padEnd(10)];
  if (attempts > 0) parts.push(`attempt ${attempts}`);
  if (counts.total > 0)
    parts.push(`${countText(finishedRequests(batch))} of ${countText(counts.total)} finished`);
  if (counts.failed > 0) parts.push(`${countText(counts.failed)} failed`);
  const why = whyText(batch);
  if (why !== '') parts.push(`(${why})`);
  return parts.join('  ');
}
