import { omitUndefined } from '../../omitUndefined.ts';
import type { NotedReason } from '../errors.ts';
import type { Batch, BatchFields } from '../record.ts';
import type { Status } from '../status.ts';
import { collecting } from './collecting.ts';
import {
  type Decision,
  type DecisionContext,
  type Handlers,
  ignored,
  refused,
} from './decision.ts';
import { delivering } from './delivering.ts';
import { ended } from './ended.ts';
import type { BatchEvent } from './events.ts';
import { inspecting } from './inspecting.ts';
import { running } from './running.ts';
import { submitting } from './submitting.ts';
import { assertAllowed } from './transitions.ts';
import { queued, retrying, split } from './waiting.ts';

/** User commands that a record remembers, so that a redelivered message does nothing. */
const REMEMBERED_COMMANDS = 20;

const HANDLERS: { readonly [S in Status]: Handlers<S> } = {
  inspecting,
  queued,
  split,
  submitting,
  running,
  collecting,
  delivering,
  retrying,
  completed: ended,
  failed: ended,
  cancelled: ended,
};

/**
 * Decides what an event changes in a batch. Pure: the caller reads the record, writes the result on
 * the condition that the record has not changed meanwhile, and performs the effects.
 *
 * @throws Error if a handler leaves the table of transitions, which is a bug
 */
export function decide(batch: Batch, event: BatchEvent, context: DecisionContext): Decision {
  const command = 'messageId' in event ? event.messageId : undefined;
  if (command !== undefined && batch.commands.includes(command)) {
    return ignored('this command was carried out before');
  }
  const handle = HANDLERS[batch.status][event.type] as Handle | undefined;
  if (!handle) {
    const why = `${event.type} does not concern a batch that is ${batch.status}`;
    return command === undefined ? ignored(why) : refused(why);
  }
  // The index that the sweeper read may be older than the record.
  const { dueAt }: BatchFields = batch;
  if (event.type === 'due' && dueAt !== undefined && context.now < dueAt) {
    return ignored('it is not due yet');
  }
  const decision = handle(batch, event, context);
  if (decision.type !== 'changed') return decision;
  assertAllowed(batch.status, event.type, decision.batch.status);
  const reasons = datedReasons(batch, decision.batch, context);
  const commands =
    command === undefined
      ? decision.batch.commands
      : [...decision.batch.commands, command].slice(-REMEMBERED_COMMANDS);
  const cancelRequestedAt = cancelTime(batch, decision.batch, context);
  const next = { ...decision.batch, reasons, commands, cancelRequestedAt };
  return { ...decision, batch: omitUndefined(next) as Batch };
}

/** When the user asked for the cancel that is in the next record. */
function cancelTime(batch: Batch, { cancelRequested }: Batch, { now }: DecisionContext) {
  if (!cancelRequested) return undefined;
  return batch.cancelRequested ? batch.cancelRequestedAt : now;
}

/**
 * The reasons with the time and the attempt of those that are new, so that nobody takes the reason of
 * an earlier attempt for the present one. A job that was not accepted would have been the next attempt.
 */
function datedReasons(
  { status, attempt, reasons: known }: Batch,
  { reasons }: Batch,
  { now: at }: DecisionContext,
): NotedReason[] {
  const about = status === 'submitting' ? attempt + 1 : attempt;
  const isNew = (reason: NotedReason) => reason.at === undefined && !known.includes(reason);
  return reasons.map((reason) => (isNew(reason) ? { ...reason, at, attempt: about } : reason));
}

/** The tables' types tie each handler to its status and event; a look-up by their values does not. */
type Handle = (batch: Batch, event: BatchEvent, context: DecisionContext) => Decision;
