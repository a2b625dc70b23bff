import { type Command, InvalidArgumentError, Option } from 'commander';
import { isEnded, OPEN_STATUSES, STATUSES, type Status } from '../../shared/batch/status.ts';
import { finishedRequests } from '../../shared/client/batchText.ts';
import type { BatchFilter, BatchHandlerClient, BatchInfo } from '../../shared/client/index.ts';
import { durationText } from '../../shared/terminal.ts';
import { type ConnectionOptions, openClient, withConnection } from '../connect.ts';
import { type CliContext, EXIT } from '../context.ts';
import { type Moment, readList, readMoment, readPair } from '../options.ts';
import { oneLine, painter, widthOf } from '../terminal/output.ts';
import { type Column, tableLines } from '../terminal/table.ts';
import { costText, countText, statusStyle, whyText } from '../text.ts';

interface ListOptions extends ConnectionOptions {
  readonly status?: BatchFilter['status'];
  readonly provider?: string;
  readonly tenant?: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly since?: Moment;
  readonly until?: Moment;
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
    .option('--tenant <tenant>', 'only batches of this tenant')
    .addOption(
      new Option('--metadata <key=value>', 'only batches with this metadata; can be repeated')
        .argParser(readPair)
        .default({}, 'all'),
    )
    .option(
      '--since <time>',
      'only batches added since then: a time, or how long ago, such as 2d',
      readMoment,
    )
    .option('--until <time>', 'only batches added before then', readMoment)
    .option('--limit <n>', 'maximum number of batches', readLimit, 50)
    .option('--json', 'print one JSON object per line')
    .addHelpText(
      'after',
      `
Examples:
  batch-handler list --stack BatchHandler
  batch-handler list --status open --local
  batch-handler list --since 2d --metadata team=search
  batch-handler list --status failed,cancelled --limit 10 --json`,
    )
    .action(async (options: ListOptions) => context.end(await list(options, context)));
}

async function list(options: ListOptions, { stdout, stderr, now }: CliContext): Promise<number> {
  const { status, provider, tenant, metadata, since, until, limit, json } = options;
  const client = await openClient(options);
  const onUnreadable = (batchId: string, why: string): void => {
    stderr.write(`${oneLine(`${batchId} cannot be read: ${why}`)}\n`);
  };
  const filter = {
    ...{ status, provider, tenant, metadata, onUnreadable },
    since: since && pastTime(since, now()),
    until: until && pastTime(until, now()),
  };
  const { batches: found, hasMore } = isOpenOnly(filter)
    ? await newestOf(client.listBatches(filter), limit)
    : await firstOf(client, filter, limit);
  const { batches, unsummed } = await withSums(client, found);
  if (unsummed > 0)
    stderr.write(`the parts of ${countText(unsummed)} are not summed up: see them with show\n`);
  if (json) {
    for (const batch of batches) stdout.write(`${JSON.stringify(batch)}\n`);
    return EXIT.done;
  }
  if (batches.length === 0) {
    const { name } = client.handler;
    const hasMetadata = Object.keys(metadata).length > 0;
    const isFiltered = status || provider || tenant || since || until || hasMetadata;
    stderr.write(`no ${isFiltered ? 'matching ' : ''}batches in ${name}\n`);
    return EXIT.done;
  }
  const columns = listColumns(now(), batches);
  const lines = tableLines(columns, batches, widthOf(stdout), painter(stdout));
  stdout.write(`${lines.join('\n')}\n`);
  const option = limit < MAX_LIMIT ? '--limit' : '--until';
  if (hasMore) stderr.write(`the newest ${countText(batches.length)}; see more with ${option}\n`);
  return EXIT.done;
}

/** The last column is left out if nothing waits or has failed. */
export function listColumns(
  now: number,
  batches: readonly BatchInfo[],
): readonly Column<BatchInfo>[] {
  const why: Column<BatchInfo> = { title: 'WHY', text: whyText, rank: 8, minWidth: 24 };
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
    ...(batches.some((batch) => whyText(batch) !== '') ? [why] : []),
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

/** @returns ISO 8601; a duration counts back from now */
function pastTime(moment: Moment, now: number): string {
  return 'time' in moment ? moment.time : new Date(now - moment.inSeconds * 1000).toISOString();
}

function isOpenOnly({ status }: BatchFilter): boolean {
  return status === 'open' || (status?.every((each) => !isEnded(each)) ?? false);
}

/** Batches in parts that are summed up beyond those of the listing itself: each may have 200 parts. */
const MAX_SUMMED = 20;

/** Reads those of the shown batches again whose parts the listing has not summed up. */
export async function withSums(
  client: Pick<BatchHandlerClient, 'getBatch'>,
  batches: readonly BatchInfo[],
): Promise<{ readonly batches: readonly BatchInfo[]; readonly unsummed: number }> {
  const isUnsummed = ({ status, partCount, finishedInParts }: BatchInfo): boolean =>
    partCount !== undefined && finishedInParts === undefined && RUNS_IN_PARTS.has(status);
  const missing = batches.filter(isUnsummed);
  const chosen = new Set(missing.slice(0, MAX_SUMMED));
  const summed: BatchInfo[] = [];
  for (const batch of batches)
    summed.push(chosen.has(batch) ? ((await client.getBatch(batch.batchId)) ?? batch) : batch);
  return { batches: summed, unsummed: missing.length - chosen.size };
}

const RUNS_IN_PARTS: ReadonlySet<Status> = new Set<Status>(['split', 'collecting']);

interface Newest<T> {
  readonly batches: readonly T[];
  /** Whether there are others. */
  readonly hasMore: boolean;
}

/** The first batches, page by page. Looks for one more, because a page may be followed by nothing. */
export async function firstOf(
  client: Pick<BatchHandlerClient, 'listPage'>,
  filter: BatchFilter,
  limit: number,
): Promise<Newest<BatchInfo>> {
  const batches: BatchInfo[] = [];
  let cursor: string | undefined;
  do {
    const missing = Math.min(MAX_LIMIT, limit + 1 - batches.length);
    const page = await client.listPage({ ...filter, limit: missing, cursor });
    batches.push(...page.batches);
    cursor = page.cursor;
  } while (cursor !== undefined && batches.length <= limit);
  return { batches: batches.slice(0, limit), hasMore: batches.length > limit };
}

/**
 * The newest batches of an unordered stream. It holds at most twice `limit` at a time.
 */
async function newestOf<T extends { readonly createdAt: string }>(
  batches: AsyncIterable<T>,
  limit: number,
): Promise<Newest<T>> {
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
  return { batches: kept, hasMore: total > kept.length };
}
