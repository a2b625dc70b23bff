import { setTimeout as wait } from 'node:timers/promises';
import { messageOf } from '../batch/errors.ts';
import { BATCH_ID_PATTERN } from '../batch/ids.ts';
import { decide } from '../batch/lifecycle/decide.ts';
import type { BatchEvent } from '../batch/lifecycle/events.ts';
import { whyInputIsGone } from '../batch/lifecycle/inputExpiry.ts';
import type { CommandMessage, ProviderMessage } from '../batch/messages.ts';
import { DEFAULT_POLICY } from '../batch/policy.ts';
import type { Batch } from '../batch/record.ts';
import { isEnded } from '../batch/status.ts';
import { omitUndefined } from '../omitUndefined.ts';
import { batchItemId, fromItem } from '../stores/batchItem.ts';
import { ClientError } from './clientError.ts';
import { type HandlerConnection, isRun, notRunning } from './connection.ts';

/** A command for a batch. */
export type Command = CommandMessage['action'];

/** A command that was sent. The handler may still refuse it. */
export interface SentCommand extends SentMessage {
  readonly action: Command;
}

/** Stands for the id of the message, which is not sent yet. */
const messageId = 'not sent yet';

const PAST = { cancel: 'cancelled', retry: 'retried', redeliver: 'redelivered' } as const;

const EVENTS: Readonly<Record<Command, BatchEvent>> = {
  cancel: { type: 'cancelRequested', messageId },
  retry: { type: 'retryRequested', messageId },
  redeliver: { type: 'redeliverRequested', messageId },
};

/**
 * Sends a command, if it is possible in the present status of the batch. The handler decides again,
 * by the same rules, when the message arrives.
 *
 * @throws ClientError `invalid_input` if the id is not that of a batch, `unknown_batch` if there is
 *   none, `not_possible` with the reason, `input_expired` if its input was removed
 */
export async function sendCommand(
  { batches, queues }: Pick<HandlerConnection, 'batches' | 'queues'>,
  action: Command,
  batchId: string,
): Promise<SentCommand> {
  if (!BATCH_ID_PATTERN.test(batchId)) {
    const what = batchId.includes('/') ? 'names a part: name its batch' : 'is not a batch id';
    throw new ClientError('invalid_input', `cannot ${action} ${batchId}: it ${what}`);
  }
  const batch = await batches.get(batchId);
  if (batch === undefined)
    throw new ClientError('unknown_batch', `there is no batch ${batchId} to ${action}`);
  const why = whyNotPossible(batch, action);
  if (why !== undefined) {
    const code = why === whyInputIsGone(batch) ? 'input_expired' : 'not_possible';
    throw new ClientError(code, `cannot ${action} batch ${batchId}: ${why}`);
  }
  const message = { action, batchId };
  return { ...message, messageId: await queues.send(message) };
}

/** Why the command is not possible now, by the rules of the handler; undefined if it is. */
function whyNotPossible(batch: Batch, action: Command): string | undefined {
  if (action !== 'cancel' && !isEnded(batch.status))
    return `it is ${batch.status}, and only a batch that has ended can be ${PAST[action]}`;
  // Only the handler knows how long batches are kept; of the rest, the context decides about times.
  const policy = { ...DEFAULT_POLICY, retentionSeconds: Number.MAX_SAFE_INTEGER / 1e6 };
  const context = { policy, now: batch.statusAt, random: 0 };
  const decision = decide(batch, EVENTS[action], context);
  return 'why' in decision ? decision.why : undefined;
}

/** What the item of a record that cannot be read still tells. A field that it does not tell is absent. */
export interface UnreadableBatch {
  readonly batchId: string;
  /** Why the record cannot be read. */
  readonly why: string;
  readonly status?: string;
  /** The provider entry where a job may still run. */
  readonly provider?: string;
  /** The id of that job. */
  readonly jobId?: string;
  /** The names of its jobs at the provider begin with this. */
  readonly keyPrefix?: string;
}

/**
 * Reads what can be told of a record that cannot be read.
 *
 * @throws ClientError `unknown_batch`, or `not_possible` if it can be read
 */
export async function readUnreadable(
  { items }: Pick<HandlerConnection, 'items'>,
  batchId: string,
): Promise<UnreadableBatch> {
  const item = await items.get(batchItemId(batchId));
  if (!item) throw new ClientError('unknown_batch', `there is no batch ${batchId} to remove`);
  const text = (value: unknown) => (typeof value === 'string' ? value : undefined);
  try {
    fromItem(item);
  } catch (error) {
    const keyPrefix = KEY_PREFIX.exec(String(item.record))?.[1];
    const { status, provider, jobId } = item;
    const told = { status: text(status), provider: text(provider), jobId: text(jobId), keyPrefix };
    return { batchId, why: messageOf(error), ...omitUndefined(told) };
  }
  const why = 'its record can be read. Cancel it; it expires by itself';
  throw new ClientError('not_possible', `cannot remove batch ${batchId}: ${why}`);
}

/** Found by its form, because the JSON around it may be broken. */
const KEY_PREFIX = /"keyPrefix":"(bh[a-z0-9]{16})"/;

/** Asks the handler to remove the record of a batch that cannot be read. It is kept in the bucket. */
export async function removeUnreadable(
  connection: Pick<HandlerConnection, 'items' | 'queues'>,
  batchId: string,
): Promise<SentMessage> {
  await readUnreadable(connection, batchId);
  return { batchId, messageId: await connection.queues.send({ action: 'remove', batchId }) };
}

/** Between two polls of the provider's state. */
const POLL_MS = 500;

export interface ProviderCommandOptions {
  /** Shown to anyone who finds the provider paused. Default: none. */
  readonly reason?: string | undefined;
  /** Who asks for it, shown as `reason` is. Default: the name of the AWS session. */
  readonly by?: string | undefined;
  /** How long to wait until the handler has carried out the command. Default 60 */
  readonly timeoutSeconds?: number | undefined;
  /** Stops waiting. The command stays sent. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Pauses or resumes a provider, and waits until the handler has carried it out. It can be repeated
 * at any time: of several commands, the one sent last counts.
 *
 * @throws ClientError `invalid_input` if the handler has no such provider, `timeout` if the command
 *   was not carried out in time, `not_running` if no program runs an in-process handler; the reason of
 *   the signal
 */
export async function commandProvider(
  connection: Pick<HandlerConnection, 'handler' | 'queues' | 'providerStates' | 'process'>,
  action: ProviderMessage['action'],
  provider: string,
  { reason, by, timeoutSeconds = 60, signal }: ProviderCommandOptions = {},
): Promise<void> {
  const { handler, queues, providerStates } = connection;
  if (!handler.providers.includes(provider)) {
    const known = handler.providers.join(', ');
    throw new ClientError('invalid_input', `there is no provider ${provider}: use one of ${known}`);
  }
  const before = (await providerStates.get(provider)).lastCommand?.messageId;
  const messageId = await queues.send({ action, provider, ...omitUndefined({ reason, by }) });
  const until = Date.now() + timeoutSeconds * 1000;
  while (Date.now() < until) {
    // Before the state is read: a program that has carried it out may end right after that.
    const mayCome = await isRun(connection);
    const { lastCommand } = await providerStates.get(provider);
    // This command, or a later one of somebody else.
    if (lastCommand?.messageId === messageId || lastCommand?.messageId !== before) return;
    if (!mayCome) throw notRunning(handler, `${action} of ${provider} is sent`);
    await wait(POLL_MS, undefined, { signal });
  }
  throw new ClientError(
    'timeout',
    `${action} was sent, but not carried out within ${timeoutSeconds} s: see batch-handler doctor`,
  );
}

/** A message that was sent, with the batch that it is about. */
export interface SentMessage {
  readonly batchId: string;
  /** The id of the message in its queue. */
  readonly messageId: string;
}

/**
 * Checks whether the message is in the dead-letter queue.
 *
 * @throws ClientError `refused` with the reason of the handler, if it is
 */
export async function checkRefusal(
  { queues }: Pick<HandlerConnection, 'queues'>,
  { batchId, messageId }: SentMessage,
): Promise<void> {
  const letter = await queues.findRefused(messageId);
  if (letter === undefined) return;
  const { reason = 'the handler failed to process it; see the logs of its functions' } = letter;
  throw new ClientError('refused', `the message for batch ${batchId} was refused: ${reason}`);
}
