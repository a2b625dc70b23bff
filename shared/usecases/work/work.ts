import {
  messageOf,
  NewerSchemaError,
  ProviderError,
  type Reason,
  RefusedError,
  refusal,
  shortReason,
} from '../../batch/errors.ts';
import type { BatchEvent, EventOf, WorkStatus } from '../../batch/lifecycle/events.ts';
import {
  MESSAGE_SCHEMA_VERSION,
  type WorkKind,
  type WorkMessage,
  workMessageSchema,
} from '../../batch/messages.ts';
import type { Batch, BatchFields, BatchIn, Claim } from '../../batch/record.ts';
import type { Status } from '../../batch/status.ts';
import { LOG_MESSAGES } from '../../logMessages.ts';
import { METRICS } from '../../metrics.ts';
import type { Dependencies } from '../dependencies.ts';
import { perform } from '../effects.ts';
import { withBatchContext } from '../logContext.ts';
import { transition } from '../transition.ts';
import { collect } from './collect.ts';
import { inspect } from './inspect.ts';
import { recordJob, submit } from './submit.ts';
import type { Task } from './task.ts';

const STATUS_OF: Readonly<Record<WorkKind, WorkStatus>> = {
  inspect: 'inspecting',
  submit: 'submitting',
  collect: 'collecting',
};

/** Moves the bytes of one batch, and gives what came of it. */
function move(dependencies: Dependencies, { batch, ...claim }: Task): Promise<BatchEvent> {
  switch (batch.status) {
    case 'inspecting':
      return inspect(dependencies, { batch, ...claim });
    case 'submitting':
      return submit(dependencies, { batch, ...claim });
    case 'collecting':
      return collect(dependencies, { batch, ...claim });
  }
}

function isWorkedOn(batch: Batch): batch is BatchIn<WorkStatus> {
  return Object.values<Status>(STATUS_OF).includes(batch.status);
}

/**
 * Does one piece of work: claims the record, works, and writes the outcome under the same token.
 * The message may come twice, late, or when another worker is at it: then the claim fails, and
 * nothing happens.
 *
 * @param deadline when the function is killed, in milliseconds since 1970
 */
export async function runWork(
  dependencies: Dependencies,
  { action, batchId }: WorkMessage,
  deadline: number,
): Promise<void> {
  const { chance, log } = dependencies;
  const claim = newClaim(dependencies, chance.token(), deadline);
  const event = { type: 'claimed', work: STATUS_OF[action], claim } as const;
  const claimed = await withBatchContext({ batchId }, () =>
    transition(dependencies, batchId, event),
  );
  if (claimed.type === 'absent') {
    return log.info('work not claimed', { batchId, action, why: 'there is no such batch' });
  }
  const { batch } = claimed;
  await withBatchContext(batch, async () => {
    if ('why' in claimed) log.info('work not claimed', { action, why: claimed.why });
    else if (isWorkedOn(batch))
      await runTask(dependencies, action, { batch, token: claim.token, deadline });
  });
}

async function runTask(dependencies: Dependencies, action: WorkKind, task: Task): Promise<void> {
  const { clock, log } = dependencies;
  const { batch } = task;
  const startedAt = clock.now();
  const event = await runSafely(dependencies, task);
  const seconds = (clock.now() - startedAt) / 1000;
  log.info(LOG_MESSAGES.workDone, { action, came: event.type, seconds });
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

async function runSafely(dependencies: Dependencies, task: Task): Promise<BatchEvent> {
  const { batch, token } = task;
  try {
    return await move(dependencies, task);
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

/**
 * Reads a message of the work queue. One that can never be understood is put into the dead-letter
 * queue with its reason: only this system sends there, so it is a bug or was moved there by hand.
 *
 * @returns undefined if the message was put aside
 * @throws NewerSchemaError for a message of a newer version, which must go back to the queue
 */
export async function acceptWork(
  { queues, log, metrics }: Pick<Dependencies, 'queues' | 'log' | 'metrics'>,
  { body, messageId }: { readonly body: string; readonly messageId: string },
): Promise<WorkMessage | undefined> {
  try {
    return parseWorkMessage(body);
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    const { code, message: text } = error.reason;
    log.error(LOG_MESSAGES.workMessageRefused, { messageId, reason: error.reason });
    metrics.count(METRICS.refused, 1);
    await queues.sendDeadLetter('work', body, `${code}: ${text}`, messageId);
    return undefined;
  }
}

/**
 * Parses a message of the work queue.
 *
 * @throws RefusedError for one that is malformed
 * @throws NewerSchemaError for one of a newer version
 */
export function parseWorkMessage(body: string): WorkMessage {
  const message = parseJson(body);
  const version = (message as { schemaVersion?: unknown } | null)?.schemaVersion;
  if (typeof version === 'number' && version > MESSAGE_SCHEMA_VERSION) {
    throw new NewerSchemaError('the message', version);
  }
  const parsed = workMessageSchema.safeParse(message);
  if (parsed.success) return parsed.data;
  // What is wrong and where, but no value: a message that was moved here may hold a prompt.
  const issues = parsed.error.issues.map(({ path, message: text }) => `${path.join('.')}: ${text}`);
  throw refusal('invalid_work_message', issues.join('; '));
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw refusal('invalid_json', 'the message is not JSON');
  }
}

/** Counts what a job used and cost, once its rows are in. Those of a batch's parts were counted by them. */
export function countUsage(
  { metrics }: Pick<Dependencies, 'metrics'>,
  { provider, input }: BatchFields,
  { usage, cost }: EventOf<'collected'>,
): void {
  if (input?.parts) return;
  if (usage.totalTokens > 0) metrics.count(METRICS.tokens, usage.totalTokens, provider);
  if (cost !== undefined && cost > 0) metrics.count(METRICS.cost, cost, provider);
}
