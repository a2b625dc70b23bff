import type { NotedReason, Reason } from '../batch/errors.ts';
import { requestsToSend } from '../batch/ledger.ts';
import { isClaimed } from '../batch/lifecycle/claims.ts';
import { needsRetry } from '../batch/newRecord.ts';
import type { Batch, BatchIn } from '../batch/record.ts';
import { isEnded } from '../batch/status.ts';
import { omitUndefined } from '../omitUndefined.ts';
import { refusesCalls } from './hold.ts';
import { type EntryView, providerWait, queueWait } from './queueWait.ts';
import type { TenantState } from './tenantState.ts';
import { counted, iso, notableText, reasonText, timeText, type WaitingFor } from './waitingText.ts';

/** What there is beside a batch that decides what it waits for. */
export interface World {
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Invocations of the processor for one delivery. */
  readonly maxDeliveries: number;
  /** Where the processor's log is. Undefined if that is not known. */
  readonly processorLog?: string | undefined;
  /** Undefined if the deployment has no such provider entry. */
  entry(provider: string): EntryView | undefined;
  /** What is kept of a tenant. Undefined if that was not read, or nothing is. */
  tenant?(name: string | undefined): TenantState | undefined;
  /** The parts of a batch that have records. Undefined if they were not read. */
  parts(batchId: string): readonly Batch[] | undefined;
}

/**
 * What a batch waits for now, by its record and the state of its provider. The reasons in a record
 * are history: only one that was noted since the batch came into its status is shown as a cause.
 *
 * @returns undefined for a batch that has ended
 */
export function waitingFor(batch: Batch, world: World): WaitingFor | undefined {
  switch (batch.status) {
    case 'inspecting':
      return inspectionWait(batch, world);
    case 'queued':
      return queueWait(
        batch,
        world.entry(batch.provider),
        world.tenant?.(batch.spec.tenant),
        world.now,
      );
    case 'split':
      return partsWait(batch, world);
    case 'submitting':
      return submissionWait(batch, world);
    case 'running':
      return jobWait(batch, world);
    case 'collecting':
      return collectionWait(batch, world);
    case 'delivering':
      return deliveryWait(batch, world);
    case 'retrying':
      return retryWait(batch, world);
    default:
      return undefined;
  }
}

/** The latest reason, if it was noted in the present status. */
function freshReason({ reasons, statusAt }: Batch, isAfterEntry = false): Reason | undefined {
  const last = reasons.at(-1);
  if (last?.at === undefined || last.at < statusAt) return undefined;
  return isAfterEntry && last.at === statusAt ? undefined : plain(last);
}

function plain({ at, attempt, ...reason }: NotedReason): Reason {
  return reason;
}

function after(reason: Reason | undefined): string {
  return reason ? `, after ${reasonText(reason)}` : '';
}

/** When the next try is, as text: a time that has passed is the next sweep's. */
function nextTry(dueAt: number, now: number): string {
  return dueAt > now ? `again at ${timeText(dueAt, now)}` : 'the next sweep tries again';
}

function inspectionWait(batch: BatchIn<'inspecting'>, { now }: World): WaitingFor {
  const { dueAt, failures, statusAt } = batch;
  if (isClaimed(batch, { now }))
    return { kind: 'inspection', text: 'a worker inspects its input', since: iso(statusAt) };
  const reason = failures > 0 ? freshReason(batch, true) : undefined;
  if (!reason)
    return { kind: 'inspection', text: 'a worker is to inspect its input', since: iso(statusAt) };
  const text = `its input could not be inspected, ${nextTry(dueAt, now)}${after(reason)}`;
  return { kind: 'inspection', text, since: iso(statusAt), until: iso(dueAt), reason };
}

function retryWait(batch: BatchIn<'retrying'>, { now }: World): WaitingFor {
  const { resumeAt, spec, statusAt, attempt } = batch;
  const until = iso(resumeAt);
  if (spec.notBefore === resumeAt)
    return { kind: 'not_before', text: `not before ${timeText(resumeAt, now)}`, until };
  const reason = freshReason(batch);
  const when = resumeAt > now ? `at ${timeText(resumeAt, now)}` : 'due';
  const what = counted(requestsToSend(batch), 'request');
  const text = `the next attempt, for ${what}, is ${when}${after(reason)}`;
  const times = { since: iso(statusAt), until };
  return omitUndefined({ kind: 'retry' as const, text, ...times, attempt: attempt + 1, reason });
}

function submissionWait(batch: BatchIn<'submitting'>, { now }: World): WaitingFor {
  const { provider, claim, dueAt, statusAt, cancelRequested, splitTo, sends } = batch;
  const reason = freshReason(batch, true);
  const isLookedFor = claim !== undefined && (now >= claim.leaseUntil || reason !== undefined);
  const known = { kind: 'submission' as const, provider, isLookedFor, since: iso(statusAt) };
  if (isLookedFor) {
    const cancelled = cancelRequested ? 'to cancel it, ' : '';
    const text = `${cancelled}its job is looked for at ${provider}, because the answer to its creation is not known; ${nextTry(dueAt, now)}${after(reason)}`;
    return omitUndefined({ ...known, text, until: iso(dueAt), reason });
  }
  if (claim) {
    const what = splitTo ? 'cuts it into parts' : `submits it to ${provider}`;
    return { ...known, text: `a worker ${what}` };
  }
  const again = sends > 1 ? `; it is sent again at ${timeText(dueAt, now)}` : '';
  return { ...known, text: `a worker is to submit it to ${provider}${again}`, until: iso(dueAt) };
}

function jobWait(batch: BatchIn<'running'>, { now, entry }: World): WaitingFor {
  const { provider, job, cancelRequested, deadlineAt } = batch;
  const state = entry(provider)?.state;
  const block = state && refusesCalls(state, now) ? providerWait(provider, state, now) : undefined;
  const isCancelled = cancelRequested || job.stalledAt !== undefined || now >= deadlineAt;
  if (isCancelled) {
    const why = cancelRequested
      ? ''
      : job.stalledAt
        ? ', which made no progress'
        : ', at its deadline';
    const since = job.cancelledAt;
    const text =
      since === undefined
        ? `${provider} is to cancel its job${why}`
        : `${provider} is cancelling its job${why}, asked at ${timeText(since, now)}`;
    const blocked = block ? `; but ${block.text}` : '';
    return omitUndefined({
      ...{ kind: 'cancel' as const, text: text + blocked, provider },
      ...{ since: since === undefined ? undefined : iso(since), until: block?.until },
    });
  }
  const isPending = job.acceptedAt === undefined;
  const known = { kind: 'job' as const, provider, isPending, since: iso(job.submittedAt) };
  if (block) {
    const text = `its job cannot be checked, because ${block.text}`;
    return omitUndefined({ ...known, text, until: block.until });
  }
  const text = isPending ? `${provider} is to begin its job` : `${provider} runs its job`;
  return { ...known, text };
}

function collectionWait(batch: BatchIn<'collecting'>, { now, entry }: World): WaitingFor {
  const { provider, input, dueAt, failures, statusAt } = batch;
  const rows = input.parts ? 'the rows of its parts' : 'its rows';
  const known = { kind: 'collection' as const, since: iso(statusAt) };
  if (isClaimed(batch, { now })) return { ...known, text: `a worker collects ${rows}` };
  const state = entry(provider)?.state;
  const block =
    state && !input.parts && refusesCalls(state, now)
      ? providerWait(provider, state, now)
      : undefined;
  if (block) return { ...block, text: `${rows} are to be collected, but ${block.text}` };
  const reason = failures > 0 ? freshReason(batch, true) : undefined;
  if (!reason) return { ...known, text: `a worker is to collect ${rows}` };
  const text = `${rows} could not be collected, ${counted(failures, 'time')} in a row; ${nextTry(dueAt, now)}${after(reason)}`;
  return { ...known, text, until: iso(dueAt), reason };
}

function deliveryWait(batch: BatchIn<'delivering'>, world: World): WaitingFor {
  const { now, maxDeliveries: of, processorLog: log } = world;
  const { delivery, dueAt, statusAt } = batch;
  const reason = freshReason(batch, true);
  const failure = reason && `: ${reason.message}${log === undefined ? '' : ` (its log: ${log})`}`;
  const { attempt, pending: isRunning } = delivery;
  const invocation = isRunning ? attempt : attempt + 1;
  const known = { kind: 'delivery' as const, since: iso(statusAt), invocation, of, isRunning };
  if (isRunning) {
    const before = failure === undefined ? '' : `; the one before failed${failure}`;
    const text = `the processor runs, delivery ${invocation} of ${of}${before}`;
    return omitUndefined({ ...known, text, reason, log });
  }
  const when = dueAt > now ? `at ${timeText(dueAt, now)}` : 'in the next sweep';
  const text = `delivery ${attempt} of ${of} failed, the next is ${when}${failure ?? ''}`;
  return omitUndefined({ ...known, text, until: iso(dueAt), reason, log });
}

/** Statuses of a part that has a job, or whose rows are being collected. */
const AT_WORK: ReadonlySet<Batch['status']> = new Set([
  ...(['submitting', 'running', 'collecting', 'split'] as const),
]);

function partsWait(batch: BatchIn<'split'>, world: World): WaitingFor {
  const { now } = world;
  const { spec, input, batchId, cancelRequested, provider, statusAt } = batch;
  const { notBefore = 0 } = spec;
  if (now < notBefore && !cancelRequested) {
    const text = `not before ${timeText(notBefore, now)}`;
    return { kind: 'not_before', text, until: iso(notBefore) };
  }
  const parts = world.parts(batchId);
  const total = input.parts.length;
  if (!parts) {
    const known = { total, since: iso(statusAt) };
    return { kind: 'parts', text: `its ${counted(total, 'part')}`, ...known };
  }
  const running = parts.filter(({ status }) => AT_WORK.has(status)).length;
  const ended = parts.filter((part) => isEnded(part.status) && !needsRetry(part, batch)).length;
  const waiting = total - running - ended;
  if (ended === total && !cancelRequested) {
    const text = `all ${counted(total, 'part')} done, their rows are merged next`;
    return { kind: 'parts', text, since: iso(statusAt), total, running, ended, waiting };
  }
  const states = [
    `${counted(running)} of ${counted(total, 'part')} running`,
    ...(ended > 0 ? [`${counted(ended)} done`] : []),
    ...(waiting > 0 ? [`${counted(waiting)} waiting`] : []),
  ].join(', ');
  const wait = cancelRequested ? undefined : firstWait(parts, world);
  const why = notableText(wait);
  const text = (cancelRequested ? 'cancelling its parts: ' : '') + states + (why && `: ${why}`);
  const times = omitUndefined({ since: iso(statusAt), until: wait?.until });
  if (cancelRequested) return { kind: 'cancel', text, ...times, provider };
  return { kind: 'parts', text, ...times, total, running, ended, waiting };
}

/** What the part waits for that is first in its queue, or else any. */
function firstWait(parts: readonly Batch[], world: World): WaitingFor | undefined {
  let first: WaitingFor | undefined;
  for (const part of parts) {
    if (AT_WORK.has(part.status) || isEnded(part.status)) continue;
    const wait = waitingFor(part, world);
    if (!first || placeOf(wait) < placeOf(first)) first = wait;
  }
  return first;
}

function placeOf(wait: WaitingFor | undefined): number {
  return (wait?.kind === 'queue' && wait.position) || Number.POSITIVE_INFINITY;
}
