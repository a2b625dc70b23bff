import type { Batch, Claim } from '../../batch/batch.ts';
import { messageOf, ProviderError, RefusedError } from '../../batch/errors.ts';
import type { BatchEvent, WorkStatus } from '../../batch/events.ts';
import type { WorkKind, WorkMessage } from '../../batch/messages.ts';
import { type Reason, shortReason } from '../../batch/reason.ts';
import { about } from '../about.ts';
import type { Dependencies } from '../dependencies.ts';
import { perform } from '../perform.ts';
import { transition } from '../transition.ts';
import { collect } from './collect.ts';
import { countUsage } from './countUsage.ts';
import { inspect } from './inspect.ts';
import { recordJob } from './recordJob.ts';
import { submit } from './submit.ts';

/** Moves the bytes of one batch, and gives what came of it. */
type Work = (dependencies: Dependencies, task: Task) => Promise<BatchEvent>;

export interface Task {
  /** The record as the claim left it. */
  readonly batch: Batch;
  readonly token: string;
  /** When the function is killed, in milliseconds since 1970. */
  readonly deadline: number;
}

const WORK: Readonly<Record<WorkKind, { readonly status: WorkStatus; readonly run: Work }>> = {
  inspect: { status: 'inspecting', run: inspect },
  submit: { status: 'submitting', run: submit },
  collect: { status: 'collecting', run: collect },
};

/**
 * Does one piece of work: claims the record, works, and writes the outcome under the same token.
 * The message may come twice, late, or when another worker is at it: then the claim fails, and
 * nothing happens.
 *
 * @param deadline when the function is killed, in milliseconds since 1970
 */
export async function work(
  dependencies: Dependencies,
  { action, batchId }: WorkMessage,
  deadline: number,
): Promise<void> {
  const { chance, log } = dependencies;
  const { status } = WORK[action];
  const claim = newClaim(dependencies, chance.token(), deadline);
  const event = { type: 'claimed', work: status, claim } as const;
  const claimed = await about({ batchId }, () => transition(dependencies, batchId, event));
  if (claimed.type === 'absent') {
    return log.info('work not claimed', { batchId, action, why: 'there is no such batch' });
  }
  const { batch } = claimed;
  const task = { batch, token: claim.token, deadline };
  await about(batch, async () => {
    if ('why' in claimed) log.info('work not claimed', { action, why: claimed.why });
    else await workOn(dependencies, action, task);
  });
}

async function workOn(dependencies: Dependencies, action: WorkKind, task: Task): Promise<void> {
  const { clock, log } = dependencies;
  const { batch } = task;
  const startedAt = clock.now();
  const event = await runSafely(dependencies, WORK[action].run, task);
  const seconds = (clock.now() - startedAt) / 1000;
  log.info('work done', { action, came: event.type, seconds });
  if (event.type === 'submitted') return recordJob(dependencies, batch, event.job);
  const written = await transition(dependencies, batch.batchId, event);
  if (written.type === 'ignored') log.info('work came too late', { action, why: written.why });
  if (event.type === 'collected' && written.type === 'changed')
    countUsage(dependencies, batch, event);
}

/**
 * The lease outlasts everything this worker can still cause: it is killed at the deadline, and a
 * create call sent in its last moment may land until the call's own deadline, and a margin, later.
 */
function newClaim({ policy }: Dependencies, token: string, deadline: number): Claim {
  const { createDeadlineSeconds, leaseMarginSeconds } = policy;
  return { token, leaseUntil: deadline + (createDeadlineSeconds + leaseMarginSeconds) * 1000 };
}

async function runSafely(dependencies: Dependencies, run: Work, task: Task): Promise<BatchEvent> {
  const { batch, token } = task;
  try {
    return await run(dependencies, task);
  } catch (error) {
    const reason = reasonOf(error);
    dependencies.log.warn('work failed', { reason });
    if (error instanceof ProviderError && (error.kind === 'account' || error.kind === 'quota')) {
      await perform(dependencies, batch, [{ type: 'holdProvider', kind: error.kind, reason }]);
    }
    return { type: 'workFailed', token, reason };
  }
}

function reasonOf(error: unknown): Reason {
  if (error instanceof ProviderError || error instanceof RefusedError) return error.reason;
  return shortReason('work_failed', messageOf(error));
}
