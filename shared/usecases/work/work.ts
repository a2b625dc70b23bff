import type { Batch, Claim } from '../../batch/batch.ts';
import { messageOf, ProviderError, RefusedError } from '../../batch/errors.ts';
import type { BatchEvent, WorkStatus } from '../../batch/events.ts';
import type { WorkKind, WorkMessage } from '../../batch/messages.ts';
import { type Reason, shortReason } from '../../batch/reason.ts';
import type { Dependencies } from '../dependencies.ts';
import { perform } from '../perform.ts';
import { transition } from '../transition.ts';
import { collect } from './collect.ts';
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
  const { status, run } = WORK[action];
  const claim = newClaim(dependencies, chance.token(), deadline);
  const claimed = await transition(dependencies, batchId, { type: 'claimed', work: status, claim });
  if (claimed.type !== 'changed' && claimed.type !== 'unchanged') {
    const why = claimed.type === 'absent' ? 'there is no such batch' : claimed.why;
    return log.info('work not claimed', { batchId, action, why });
  }
  const { batch } = claimed;
  const event = await runSafely(dependencies, run, { batch, token: claim.token, deadline });
  if (event.type === 'submitted') return recordJob(dependencies, batch, event.job);
  const written = await transition(dependencies, batchId, event);
  log.info('work done', {
    batchId,
    attempt: batch.attempt,
    action,
    came: event.type,
    written: written.type,
  });
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
    dependencies.log.warn('work failed', {
      batchId: batch.batchId,
      attempt: batch.attempt,
      reason,
    });
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
