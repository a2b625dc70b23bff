import pMap from 'p-map';
import type { SweepCursors, WaitingHint, WaitingQueue } from '../../batch/ports.ts';
import type { Dependencies } from '../dependencies.ts';
import { admittedTo, type SweepRun } from './run.ts';

type QueuePorts = Pick<Dependencies, 'batches'>;
type QueueRun = Pick<SweepRun, 'queueCursors' | 'admitted' | 'safely'>;

/** A sweep stops reading the fronts of queues after so many pages in a row that start no batch. */
const FRONT_PAGES = 5;
/** Then it reads so many pages further back, from where the last sweep stopped. */
const BACK_PAGES = 10;
/** Batches of a page, if it is of one queue alone. */
const PAGE = 1_000;
/** Queues of one provider that are read at the same time. */
const READ_AT_ONCE = 10;

const QUEUE_PREFIX = 'waiting#';
const TENANTS_PREFIX = 'tenants#';

/** A queue that is being read. */
interface Reading {
  readonly queue: WaitingQueue;
  /** Name of the cursor at which the next sweep goes on further back. */
  readonly name: string;
  /** Start of the next page. */
  cursor: string | undefined;
  /** The priority that none of its batches which are still to be read exceeds. */
  unread: number;
}

/**
 * Reads the waiting batches of a provider, a page of each queue at a time, as long as some of them start.
 * No batch comes before one of higher priority, except further back. A queue of 100,000 batches without
 * capacity must not be read as a whole every minute. Each sweep also reads a part further back, where
 * batches may be past their deadline, of another model, or small enough for the capacity that is left.
 *
 * Many long queues share the pages of one: however many there are, a round of pages has about as many
 * batches as one queue has pages for, because all of a round are in memory, and a provider's tenants take
 * their turns among them. Only queues that may have batches of the highest priority are read further. A
 * tenant whose queue is empty is not listed any more.
 */
export async function* queuePages(
  ports: QueuePorts,
  run: QueueRun,
  provider: string,
): AsyncGenerator<readonly WaitingHint[]> {
  let open = await openQueues(ports, run, provider);
  let held: readonly WaitingHint[] = [];
  let pagesWithoutStart = 0;
  let isFront = true;
  while (open.length > 0 && (isFront || pagesWithoutStart < FRONT_PAGES + BACK_PAGES)) {
    if (isFront && pagesWithoutStart >= FRONT_PAGES) {
      isFront = false;
      for (const reading of open)
        reading.cursor = run.queueCursors.get(reading.name) ?? reading.cursor;
    }
    const highest = highestUnread(open);
    const round = isFront ? open.filter(({ unread }) => unread === highest) : open;
    const limit = Math.ceil(((isFront ? FRONT_PAGES : BACK_PAGES) * PAGE) / round.length);
    const pages = await pMap(round, (reading) => readPage(ports, run, reading, limit), {
      concurrency: READ_AT_ONCE,
    });
    const read = [...held, ...pages.flat()];
    open = open.filter(({ cursor }) => cursor !== undefined);
    const lowest = isFront ? highestUnread(open) : Number.NEGATIVE_INFINITY;
    held = read.filter(({ priority }) => priority < lowest);
    const admittedBefore = admittedTo(run, provider);
    yield read.filter(({ priority }) => priority >= lowest);
    for (const { name, cursor } of round)
      if (cursor === undefined) run.queueCursors.delete(name);
      else if (!isFront) run.queueCursors.set(name, cursor);
    const hasStarted = admittedTo(run, provider) > admittedBefore;
    const longer = round.filter(({ cursor }) => cursor !== undefined).length;
    pagesWithoutStart = isFront && hasStarted ? 0 : pagesWithoutStart + longer;
  }
  if (held.length > 0) yield held;
}

/** The queue of the batches of no tenant, and those of the tenants whose turn it is: at most 200. */
async function openQueues(
  { batches }: QueuePorts,
  { queueCursors }: Pick<SweepRun, 'queueCursors'>,
  provider: string,
): Promise<Reading[]> {
  const name = TENANTS_PREFIX + provider;
  const from = queueCursors.get(name);
  const page = await batches.listTenants(provider, from);
  const tenants = new Set(page.items);
  let next = page.cursor;
  if (next === undefined && from !== undefined) {
    // The end of the list has room for its beginning.
    const first = await batches.listTenants(provider);
    for (const tenant of first.items) tenants.add(tenant);
    next = first.cursor;
  }
  if (next === undefined) queueCursors.delete(name);
  else queueCursors.set(name, next);
  const ofTenants = [...tenants].map((tenant) => ({
    queue: { provider, tenant },
    name: `${QUEUE_PREFIX}${provider}#${tenant}`,
  }));
  return [{ queue: { provider }, name: QUEUE_PREFIX + provider }, ...ofTenants].map((each) => ({
    ...each,
    ...{ cursor: undefined, unread: Number.POSITIVE_INFINITY },
  }));
}

async function readPage(
  { batches }: QueuePorts,
  run: QueueRun,
  reading: Reading,
  limit: number,
): Promise<readonly WaitingHint[]> {
  const { queue, cursor } = reading;
  const { tenant } = queue;
  const page = await batches.listWaiting(queue, cursor, limit);
  const isEmpty = cursor === undefined && page.items.length === 0 && page.cursor === undefined;
  if (isEmpty && tenant !== undefined)
    await run.safely({ tenant }, () => batches.unlistTenant({ ...queue, tenant }));
  reading.cursor = page.cursor;
  reading.unread = page.items.at(-1)?.priority ?? reading.unread;
  return page.items;
}

function highestUnread(open: readonly Reading[]): number {
  return Math.max(Number.NEGATIVE_INFINITY, ...open.map(({ unread }) => unread));
}

/** The cursors at which the last sweep stopped in each long queue, and in the list of tenants. */
export function queueCursors(cursors: SweepCursors): readonly (readonly [string, string])[] {
  return Object.entries(cursors).filter(
    ([name]) => name.startsWith(QUEUE_PREFIX) || name.startsWith(TENANTS_PREFIX),
  );
}
