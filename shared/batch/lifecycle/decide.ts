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
  if (decision.type === 'changed') assertAllowed(batch.status, event.type, decision.batch.status);
  if (command === undefined || decision.type !== 'changed') return decision;
  const commands = [...decision.batch.commands, command].slice(-REMEMBERED_COMMANDS);
  return { ...decision, batch: { ...decision.batch, commands } };
}

/** The tables' types tie each handler to its status and event; a look-up by their values does not. */
type Handle = (batch: Batch, event: BatchEvent, context: DecisionContext) => Decision;
