import type { DueHint } from '../../batch/ports.ts';
import type { BatchFields } from '../../batch/record.ts';
import {
  type DeadLetterQueue,
  deadLetterQueues,
  depthOf,
  lookAtDeadLetters,
  totalOf,
} from '../deadLetters.ts';
import {
  type Check,
  durationText,
  type Found,
  note,
  ok,
  problem,
  type Subject,
} from '../findings.ts';

/** More than a moment's work: whether that is a problem shows in how old batches are. */
const DEEP = 1_000;

export const queues: Check = {
  name: 'queues',
  permissions: ['sqs:GetQueueAttributes'],
  async run({ connection: { sqs, handler } }) {
    const depths = await Promise.all(
      deadLetterQueues(handler.resources).map(async ({ source, queueUrl }) => {
        const depth = await depthOf(sqs, queueUrl);
        return { source, depth, total: totalOf(depth) };
      }),
    );
    const what = depths
      .map(({ source, depth: { inFlight }, total }) =>
        inFlight > 0 ? `${source} ${total} (${inFlight} at work)` : `${source} ${total}`,
      )
      .join(', ');
    return [depths.some(({ total }) => total >= DEEP) ? note(what) : ok(what)];
  },
};

export const deadLetters: Check = {
  name: 'dead letters',
  permissions: ['sqs:GetQueueAttributes', 'sqs:ReceiveMessage'],
  async run(subject) {
    const all = deadLetterQueues(subject.connection.handler.resources);
    const found = (await Promise.all(all.map((queue) => deadLettersOf(subject, queue)))).flat();
    return found.length > 0 ? found : [ok('none')];
  },
};

async function deadLettersOf(
  { connection: { sqs }, now }: Subject,
  { source, deadLetterUrl }: DeadLetterQueue,
): Promise<readonly Found[]> {
  const count = totalOf(await depthOf(sqs, deadLetterUrl));
  const seen = await lookAtDeadLetters(sqs, deadLetterUrl);
  const messages = Math.max(count, seen.length);
  if (messages === 0) return [];
  const oldest = Math.min(...seen.map(({ sentAt }) => sentAt));
  const age = seen.length > 0 ? `, the oldest seen ${durationText(now() - oldest)} old` : '';
  const reason = seen.find((letter) => letter.reason !== undefined)?.reason;
  const why = reason === undefined ? '' : `: ${reason}`;
  return [
    problem(
      `${messages} of the ${source} queue${age}${why}`,
      `remove the cause, then batch-handler redrive --queue ${source}`,
    ),
  ];
}

/** How long something that is due may wait for a sweep and a worker. */
const PATIENCE_MS = 30 * 60_000;
/** That is looked at in every sweep, without a write that would set a new time. */
const ALWAYS_DUE = new Set(['running', 'split']);
/** Told one by one. */
const MOST_TOLD = 5;
/** Read at most, of each provider. */
const MOST_PAGES = 10;

/** What waits for room, and since when. */
export const waiting: Check = {
  name: 'waiting',
  permissions: ['dynamodb:Query'],
  async run({ connection: { batches, handler }, now }) {
    const found: Found[] = [];
    for (const name of handler.providers) {
      let count = 0;
      let oldest: { batchId: string; createdAt: number } | undefined;
      let cursor: string | undefined;
      for (let pages = 0; pages < MOST_PAGES; pages++) {
        const page = await batches.listWaiting(name, cursor);
        count += page.items.length;
        for (const each of page.items)
          if (oldest === undefined || each.createdAt < oldest.createdAt) oldest = each;
        cursor = page.cursor;
        if (cursor === undefined) break;
      }
      if (!oldest) continue;
      const more = cursor === undefined ? '' : ' or more';
      const age = `the oldest, ${oldest.batchId}, was added ${durationText(now() - oldest.createdAt)} ago`;
      found.push(ok(`${count}${more} for room at ${name}; ${age}`));
    }
    return found.length > 0 ? found : [ok('none for room')];
  },
};

/** What is due and was not dealt with. */
export const overdue: Check = {
  name: 'overdue',
  permissions: ['dynamodb:Query', 'dynamodb:BatchGetItem'],
  async run({ connection: { batches, handler }, now }) {
    const hints: DueHint[] = [];
    for (let shard = 0; shard < batches.shards; shard++) {
      const { items } = await batches.listDue(shard, now() - PATIENCE_MS);
      hints.push(...items.filter(({ status }) => !ALWAYS_DUE.has(status)));
    }
    if (hints.length === 0) return [ok('none')];
    const told = hints.slice(0, MOST_TOLD).map(({ batchId }) => batchId);
    const records = await batches.getMany(told);
    const found = told.flatMap((id) => foundOf(records.get(id), now(), handler.resources.worker));
    const others = hints.length - told.length;
    const rest = problem(`${others} more`, 'see batch-handler list --status open');
    return others > 0 ? [...found, rest] : found;
  },
};

function foundOf(batch: BatchFields | undefined, now: number, worker: string): readonly Found[] {
  if (!batch) return [];
  const { batchId, status, statusAt, reasons, claim } = batch;
  if (claim && now < claim.leaseUntil) return [];
  const reason = reasons.at(-1);
  const why = reason === undefined ? '' : `: ${reason.code}: ${reason.message}`;
  return [
    problem(
      `${batchId} is ${status} since ${durationText(now - statusAt)} and was due long ago${why}`,
      `if the sweep runs: aws logs filter-log-events --log-group-name /aws/lambda/${worker} --filter-pattern '"${batchId}"'`,
    ),
  ];
}
