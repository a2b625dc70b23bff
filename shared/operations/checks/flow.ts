import type { QueueName } from '../../batch/clientPorts.ts';
import { everyDue } from '../../batch/partitions.ts';
import type { DueHint } from '../../batch/ports.ts';
import type { BatchFields } from '../../batch/record.ts';
import { waitingPages } from '../../batch/waitingQueues.ts';
import { counted, durationText } from '../../terminal.ts';
import {
  type Check,
  type CheckResult,
  type DoctorContext,
  noteResult,
  okResult,
  problemResult,
} from '../check.ts';

/** More than a few minutes of work. The age of the batches shows whether that is a problem. */
const DEEP_QUEUE = 1_000;

export const queuesCheck: Check = {
  name: 'queues',
  permissions: ['sqs:GetQueueAttributes'],
  async run({ connection: { queues } }) {
    const depths = await Promise.all(
      queues.names.map(async (name) => ({ name, ...(await queues.depth(name)) })),
    );
    const what = depths
      .map(({ name, total, inFlight }) =>
        inFlight > 0 ? `${name} ${total} (${inFlight} in flight)` : `${name} ${total}`,
      )
      .join(', ');
    return [depths.some(({ total }) => total >= DEEP_QUEUE) ? noteResult(what) : okResult(what)];
  },
};

export const deadLettersCheck: Check = {
  name: 'dead letters',
  permissions: ['sqs:GetQueueAttributes', 'sqs:ReceiveMessage'],
  async run(context) {
    const { names } = context.connection.queues;
    const results = await Promise.all(names.map((name) => checkDeadLetters(context, name)));
    return someOr(results.flat(), 'none');
  },
};

async function checkDeadLetters(
  { connection: { queues }, now }: DoctorContext,
  name: QueueName,
): Promise<readonly CheckResult[]> {
  const { count, samples } = await queues.deadLetters(name);
  if (count === 0) return [];
  const oldest = Math.min(...samples.map(({ sentAt }) => sentAt));
  const age =
    samples.length > 0 ? `, the oldest seen sent ${durationText(now() - oldest)} ago` : '';
  const reason = samples.find((letter) => letter.reason !== undefined)?.reason;
  const why = reason === undefined ? '' : `: ${reason}`;
  return [
    problemResult(
      `${counted(count, 'message')} of the ${name} queue${age}${why}`,
      `fix the cause, then run batch-handler redrive --queue ${name}`,
    ),
  ];
}

/** Of more batches than this in the queues of a provider, no further page is read. */
const MAX_COUNTED = 10_000;

/** Batches that are queued at a provider, and since when. */
export const waitingCheck: Check = {
  name: 'waiting',
  permissions: ['dynamodb:Query'],
  async run({ connection: { batches, handler }, now }) {
    const results: CheckResult[] = [];
    for (const provider of handler.providers) {
      let count = 0;
      let oldest: { batchId: string; createdAt: number } | undefined;
      for await (const page of waitingPages(batches, provider)) {
        count += page.length;
        for (const each of page)
          if (oldest === undefined || each.createdAt < oldest.createdAt) oldest = each;
        if (count >= MAX_COUNTED) break;
      }
      if (!oldest) continue;
      const more = count < MAX_COUNTED ? '' : ' or more';
      const age = `${oldest.batchId}, was added ${durationText(now() - oldest.createdAt)} ago`;
      results.push(okResult(`${count}${more} queued for ${provider}; the oldest, ${age}`));
    }
    return someOr(results, 'no batch is queued');
  },
};

/** Records that no sweep acts on, because they cannot be read. */
export const unreadableCheck: Check = {
  name: 'records',
  permissions: ['dynamodb:Query'],
  async run({ connection: { batches } }) {
    const { items, cursor } = await batches.listUnreadable();
    const results = items
      .slice(0, MAX_NAMED)
      .map((id) =>
        problemResult(
          `the record of ${id} cannot be read: nothing happens to it`,
          `batch-handler remove ${id}, which shows what may still run at its provider`,
        ),
      );
    const others = items.length - results.length;
    const more = cursor === undefined ? `${others}` : `${others} or more`;
    if (others > 0)
      results.push(problemResult(`${more} more cannot be read`, 'remove those first'));
    return someOr(results, 'all can be read');
  },
};

/** How long a batch that is due may wait for a sweep and a worker. */
const OVERDUE_AFTER_MS = 30 * 60_000;
/** Statuses that stay due, because every sweep checks them without writing a new time. */
const ALWAYS_DUE = new Set(['running', 'split']);
/** The most batches that get a line of their own. */
const MAX_NAMED = 5;

/** Batches that are due and that no sweep and no worker has processed. */
export const overdueCheck: Check = {
  name: 'overdue',
  permissions: ['dynamodb:Query', 'dynamodb:BatchGetItem', 'lambda:GetFunctionConfiguration'],
  async run({ connection: { batches }, now, workLogs }) {
    const hints: DueHint[] = [];
    for (const partition of everyDue(batches)) {
      const { items } = await batches.listDue(partition, now() - OVERDUE_AFTER_MS);
      hints.push(...items.filter(({ status }) => !ALWAYS_DUE.has(status)));
    }
    const named = hints.slice(0, MAX_NAMED).map(({ batchId }) => batchId);
    const records = await batches.getMany(named);
    const logs = named.length > 0 ? await workLogs() : '';
    const results = named.flatMap((id) => {
      const batch = records.get(id);
      return batch ? overdueResults(batch, now(), logs) : [];
    });
    const others = hints.length - named.length;
    if (others > 0)
      results.push(
        problemResult(`${others} more are overdue`, 'see batch-handler list --status open'),
      );
    return someOr(results, 'none');
  },
};

function overdueResults(batch: BatchFields, now: number, logs: string): readonly CheckResult[] {
  const { batchId, status, statusAt, reasons, claim } = batch;
  const isAtWork = claim !== undefined && now < claim.leaseUntil;
  if (isAtWork) return [];
  const reason = reasons.at(-1);
  const why = reason === undefined ? '' : `: ${reason.code}: ${reason.message}`;
  return [
    problemResult(
      `${batchId} has been ${status} for ${durationText(now - statusAt)} and is overdue${why}`,
      `if sweeps run and a worker could take it, ${logs}, for "${batchId}"`,
    ),
  ];
}

function someOr(results: readonly CheckResult[], none: string): readonly CheckResult[] {
  return results.length > 0 ? results : [okResult(none)];
}
