import {
  messageOf,
  NewerSchemaError,
  ProviderError,
  type Reason,
  RefusedError,
  refusal,
  shortReason,
  UnreadableRecordError,
} from '../../batch/errors.ts';
import {
  type BatchEvent,
  type EventOf,
  refusalEffect,
  type WorkStatus,
} from '../../batch/lifecycle/events.ts';
import {
  type BatchWorkMessage,
  MESSAGE_SCHEMA_VERSION,
  type WorkKind,
  type WorkMessage,
  workMessageSchema,
} from '../../batch/messages.ts';
import { isPartId } from '../../batch/newRecord.ts';
import type { Batch, BatchFields, BatchIn, Claim } from '../../batch/record.ts';
import type { Status } from '../../batch/status.ts';
import { invalidText } from '../../invalid/text.ts';
import { LOG_MESSAGES, METRICS } from '../../metrics.ts';
import type { Dependencies } from '../dependencies.ts';
import { perform } from '../effects.ts';
import { logFields } from '../logFields.ts';
import { mayHaveJob } from '../parts.ts';
import { noteAnswered } from '../providerState.ts';
import { transition } from '../transition.ts';
import { type AssemblePorts, assemble } from './assemble.ts';
import { type CollectPorts, collect } from './collect.ts';
import { type InspectPorts, inspect } from './inspect.ts';
import { type RecordJobPorts, recordJob, type SubmitPorts, submit } from './submit.ts';
import type { WorkTask } from './task.ts';

type WorkPorts = InspectPorts & SubmitPorts & CollectPorts & RecordJobPorts;
type AllWorkPorts = WorkPorts & AssemblePorts;

const STATUS_OF: Readonly<Record<WorkKind, WorkStatus>> = {
  inspect: 'inspecting',
  submit: 'submitting',
  collect: 'collecting',
};

/** Moves the bytes of one batch, and returns the result as an event. */
function move(ports: WorkPorts, { batch, ...claim }: WorkTask): Promise<BatchEvent> {
  switch (batch.status) {
    case 'inspecting':
      return inspect(ports, { batch, ...claim });
    case 'submitting':
      return submit(ports, { batch, ...claim });
    case 'collecting':
      return collect(ports, { batch, ...claim });
  }
}

function isWorkedOn(batch: Batch): batch is BatchIn<WorkStatus> {
  return Object.values<Status>(STATUS_OF).includes(batch.status);
}

/**
 * Does one piece of work. For a batch, it claims the record, works, and writes the result under the token
 * of the claim. If the message comes twice or late, or another worker holds the claim, the claim fails and
 * nothing happens. Nor does it for a record that cannot be read: the sweep sets that aside.
 *
 * @param deadline when the function is killed, in milliseconds since 1970
 */
export async function runWork(
  ports: AllWorkPorts,
  message: WorkMessage,
  deadline: number,
): Promise<void> {
  if (message.action === 'assemble') return assemble(ports, message, deadline);
  try {
    await claimAndRun(ports, message, deadline);
  } catch (error) {
    if (!(error instanceof UnreadableRecordError)) throw error;
    ports.log.error('work not claimed', { ...message, why: error.message });
  }
}

async function claimAndRun(
  ports: WorkPorts,
  { action, batchId }: BatchWorkMessage,
  deadline: number,
): Promise<void> {
  const { batches, chance, log } = ports;
  const part = isPartId(batchId) && action === 'submit' ? await batches.get(batchId) : undefined;
  // The next sweep ends it: a worker must not send to the queue that it works off.
  if (part && !(await mayHaveJob(ports, part)))
    return log.info('work not claimed', { ...logFields(part), action, why: 'its batch is over' });
  const claim = newClaim(ports, chance.token(), deadline);
  const event = { type: 'claimed', work: STATUS_OF[action], claim } as const;
  const claimed = await transition(ports, batchId, event);
  if (claimed.type === 'absent')
    return log.info('work not claimed', { batchId, action, why: 'there is no such batch' });
  const { batch } = claimed;
  if ('why' in claimed)
    return log.info('work not claimed', { ...logFields(batch), action, why: claimed.why });
  if (isWorkedOn(batch)) await runTask(ports, action, { batch, token: claim.token, deadline });
}

async function runTask(ports: WorkPorts, action: WorkKind, task: WorkTask): Promise<void> {
  const { clock, log } = ports;
  const { batch } = task;
  const startedAt = clock.now();
  const event = await runSafely(ports, task);
  const seconds = (clock.now() - startedAt) / 1000;
  log.info(LOG_MESSAGES.workDone, { ...logFields(batch), action, came: event.type, seconds });
  if (event.type === 'submitted') return recordJob(ports, batch, event.job);
  const written = await transition(ports, batch.batchId, event);
  if (written.type === 'ignored')
    log.info('work result ignored', { ...logFields(written.batch), action, why: written.why });
  if (event.type === 'collected' && written.type === 'changed') {
    countUsage(ports, batch, event);
    const hasNewAnswers = event.counts.succeeded > batch.counts.succeeded;
    if (hasNewAnswers && !event.accountRefusal) await noteAnswered(ports, written.batch);
    reportUnread(ports, batch, event);
  }
}

/**
 * The lease outlasts everything that this worker can cause. The worker is killed at the deadline;
 * a create call of its last moment may reach the provider until the call's own deadline and a
 * margin have passed.
 */
function newClaim(
  { policy }: Pick<Dependencies, 'policy'>,
  token: string,
  deadline: number,
): Claim {
  const { createDeadlineSeconds, leaseMarginSeconds } = policy;
  return { token, leaseUntil: deadline + (createDeadlineSeconds + leaseMarginSeconds) * 1000 };
}

async function runSafely(ports: WorkPorts, task: WorkTask): Promise<BatchEvent> {
  const { batch, token } = task;
  try {
    return await move(ports, task);
  } catch (error) {
    const reason = reasonOf(error);
    ports.log.warn('work failed', { ...logFields(batch), reason });
    if (error instanceof ProviderError && (error.kind === 'account' || error.kind === 'quota'))
      await perform(ports, batch, [refusalEffect(error.kind, reason)]);
    const failure = error instanceof ProviderError ? { failure: error.kind } : {};
    return { type: 'workFailed', token, reason, ...failure };
  }
}

function reasonOf(error: unknown): Reason {
  if (error instanceof ProviderError || error instanceof RefusedError) return error.reason;
  return shortReason('work_failed', messageOf(error));
}

/** Counts the usage and the cost of a collected job. Of a batch in parts, the parts were counted. */
function countUsage(
  { metrics }: Pick<Dependencies, 'metrics'>,
  { provider, input }: BatchFields,
  { usage, cost }: EventOf<'collected'>,
): void {
  if (input?.parts) return;
  if (usage.totalTokens > 0) metrics.count(METRICS.tokens, usage.totalTokens, provider);
  if (cost !== undefined && cost > 0) metrics.count(METRICS.cost, cost, provider);
}

function reportUnread(
  { log, metrics }: Pick<Dependencies, 'log' | 'metrics'>,
  batch: Batch,
  { unread: reason, unreadableRows = 0 }: EventOf<'collected'>,
): void {
  if (!reason) return;
  log.warn('a part of the job output could not be read', {
    ...logFields(batch),
    reason,
    unreadableRows,
  });
  if (unreadableRows > 0) metrics.count(METRICS.unreadableRows, unreadableRows, batch.provider);
}

/**
 * Reads a message of the work queue. A message that is malformed goes to the dead-letter queue with
 * its reason. Only this system sends to that queue, so such a message is a bug, or somebody moved
 * it there.
 *
 * @returns undefined for a message in the dead-letter queue
 * @throws NewerSchemaError for a message of a newer version, which must return to the queue
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
 * @throws RefusedError for a malformed one
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
  // The fields, but no values: a message that was moved here may contain a prompt.
  const given = { input: message, schema: workMessageSchema, isHidden: true };
  throw refusal('invalid_work_message', invalidText(parsed.error, given));
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw refusal('invalid_json', 'the message is not JSON');
  }
}
