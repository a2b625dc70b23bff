import { type Command, InvalidArgumentError } from 'commander';
import { OPEN_STATUSES, STATUSES, type Status } from '../../shared/batch/status.ts';
import type { BatchFilter, BatchInfo } from '../../shared/client/index.ts';
import { durationText } from '../../shared/terminal.ts';
import { type ConnectionOptions, openClient, withConnection } from '../connect.ts';
import { type CliContext, EXIT } from '../context.ts';
import { readList } from '../options.ts';
import { oneLine, painter, widthOf } from '../terminal/output.ts';
import { type Column, tableLines } from '../terminal/table.ts';
import { costText, countText, finishedRequests, statusStyle, whyText } from '../text.ts';

interface ListOptions extends ConnectionOptions {
  readonly status?: BatchFilter['status'];
  readonly provider?: string;
  readonly limit: number;
  readonly json?: true;
}

const MAX_LIMIT = 10_000;

export function defineList(command: Command, context: CliContext): void {
  withConnection(command)
    .option(
      '--status <statuses>',
      `only these statuses, separated by commas: ${STATUSES.join(', ')}, or open for all that have not ended`,
      readStatuses,
    )
    .option('--provider <entry>', 'only batches at this provider entry')
    .option('--limit <n>', 'maximum number of batches', readLimit, 50)
    .option('--json', 'print one JSON object per line')
    .addHelpText(
      'after',
      `
Examples:
  batch-handler list --stack BatchHandler
  batch-handler list --status open --local
  batch-handler list --status failed,cancelled --limit 10 --json`,
    )
    .action(async (options: ListOptions) => context.end(await list(options, context)));
}

async function list(options: ListOptions, { stdout, stderr, now }: CliContext): Promise<number> {
  const { status, provider, limit, json } = options;
  const client = await openClient(options);
  const onUnreadable = (batchId: string, why: string): void => {
    stderr.write(`${oneLine(`${batchId} cannot be read: ${why}`)}\n`);
  };
  const { batches, total } = await newestOf(
    client.listBatches({ status, provider, onUnreadable }),
    limit,
  );
  if (json) {
    for (const batch of batches) stdout.write(`${JSON.stringify(batch)}\n`);
    return EXIT.done;
  }
  if (total === 0) {
    const { stack } = client.handler;
    stderr.write(`no ${status || provider ? 'matching ' : ''}batches in ${stack}\n`);
    return EXIT.done;
  }
  const columns = listColumns(now()).filter(
    ({ title, text }) => title !== WHY || batches.some((batch) => text(batch) !== ''),
  );
  const lines = tableLines(columns, batches, widthOf(stdout), painter(stdout));
  stdout.write(`${lines.join('\n')}\n`);
  if (total > batches.length)
    stderr.write(`the newest ${batches.length} of ${countText(total)}; see more with --limit\n`);
  return EXIT.done;
}

/** The title of the column that is left out if nothing waits or has failed. */
const WHY = 'WHY';

export function listColumns(now: number): readonly Column<BatchInfo>[] {
  const age = ({ createdAt }: BatchInfo): string => durationText(now - Date.parse(createdAt));
  return [
    { title: 'BATCH', text: ({ batchId }) => batchId, rank: 0, minWidth: 40 },
    { title: 'STATUS', text: ({ status }) => status, rank: 0, style: statusStyle },
    { title: 'REQUESTS', text: requestsText, rank: 1, align: 'right' },
    {
      title: 'FAILED',
      text: ({ counts }) => countText(counts.failed),
      rank: 2,
      align: 'right',
      style: ({ counts }) => (counts.failed > 0 ? 'red' : undefined),
    },
    { title: 'PROVIDER', text: ({ provider }) => provider, rank: 4 },
    { title: 'MODEL', text: ({ model = '' }) => model, rank: 6, minWidth: 12 },
    { title: 'TRIES', text: ({ attempts }) => countText(attempts), rank: 7, align: 'right' },
    { title: 'COST', text: ({ cost }) => costText(cost), rank: 5, align: 'right' },
    { title: 'AGE', text: age, rank: 3, align: 'right' },
    { title: WHY, text: whyText, rank: 8, minWidth: 24 },
  ];
}

function requestsText(batch: BatchInfo): string {
  const { total } = batch.counts;
  return total === 0 ? '' : `${countText(finishedRequests(batch))}/${countText(total)}`;
}

function readStatuses(text: string): BatchFilter['status'] {
  const wanted = readList(text);
  const unknown = wanted.filter((word) => word !== 'open' && !isStatus(word));
  if (unknown.length > 0)
    throw new InvalidArgumentError(
      `${unknown.join(', ')} is not one of ${STATUSES.join(', ')}, open.`,
    );
  if (!wanted.includes('open')) return wanted.filter(isStatus);
  const ends = wanted.filter(isStatus);
  return ends.length === 0 ? 'open' : [...new Set([...OPEN_STATUSES, ...ends])];
}

function isStatus(word: string): word is Status {
  return STATUSES.some((status) => status === word);
}

function readLimit(text: string): number {
  const limit = Number(text);
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT)
    throw new InvalidArgumentError(`It must be a whole number from 1 to ${MAX_LIMIT}.`);
  return limit;
}

/**
 * The newest batches of an unordered stream, with the number of all. It holds at most twice `limit`
 * at a time.
 */
async function newestOf<T extends { readonly createdAt: string }>(
  batches: AsyncIterable<T>,
  limit: number,
): Promise<{ readonly batches: readonly T[]; readonly total: number }> {
  let kept: T[] = [];
  let total = 0;
  const cut = (): void => {
    // ISO 8601 times sort as text.
    kept = kept.sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1)).slice(0, limit);
  };
  for await (const batch of batches) {
    total += 1;
    kept.push(batch);
    if (kept.length >= 2 * limit) cut();
  }
  cut();
  return { batches: kept, total };
}
