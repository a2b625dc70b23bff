import type { Status } from '../status.ts';
import type { EventType } from './events.ts';

/**
 * The statuses to which each event can take a batch. `decide` implements this table and asserts it,
 * the diagram in docs/lifecycle.md draws it, and tests compare the three.
 */
export const TRANSITIONS: Readonly<
  Record<Status, Partial<Readonly<Record<EventType, readonly Status[]>>>>
> = {
  inspecting: {
    due: ['inspecting', 'cancelled', 'failed'],
    claimed: ['inspecting'],
    workFailed: ['inspecting'],
    inspected: ['queued', 'split', 'retrying', 'collecting'],
    inputRefused: ['failed'],
    cancelRequested: ['inspecting', 'cancelled'],
  },
  queued: {
    due: ['collecting'],
    admitted: ['submitting'],
    filesDeleted: ['queued'],
    cancelRequested: ['collecting'],
  },
  split: {
    due: ['collecting'],
    partsEnded: ['collecting'],
    cancelRequested: ['split'],
  },
  submitting: {
    due: ['submitting', 'collecting'],
    claimed: ['submitting'],
    workFailed: ['retrying', 'collecting'],
    submitted: ['running'],
    submitRefused: ['queued', 'collecting'],
    sliced: ['split', 'collecting'],
    submitUncertain: ['submitting'],
    jobAbsent: ['submitting', 'collecting'],
    jobUnconfirmed: ['submitting', 'collecting'],
    filesDeleted: ['submitting'],
    cancelRequested: ['submitting', 'collecting'],
  },
  running: {
    jobChecked: ['running', 'collecting', 'queued'],
    cancelSent: ['running'],
    filesDeleted: ['running'],
    cancelRequested: ['running'],
  },
  collecting: {
    due: ['collecting', 'delivering', 'completed', 'failed', 'cancelled'],
    claimed: ['collecting'],
    workFailed: ['collecting'],
    collected: ['retrying', 'delivering', 'completed', 'failed', 'cancelled'],
    filesDeleted: ['collecting'],
    cancelRequested: ['collecting'],
  },
  delivering: {
    due: ['delivering', 'failed', 'cancelled'],
    delivered: ['completed'],
    deliveryFailed: ['delivering', 'failed', 'cancelled'],
    filesDeleted: ['delivering'],
    cancelRequested: ['delivering'],
  },
  retrying: {
    due: ['retrying', 'collecting'],
    requeued: ['queued', 'collecting'],
    cancelRequested: ['collecting'],
  },
  completed: {
    due: ['completed'],
    endEventSent: ['completed'],
    filesDeleted: ['completed'],
    inputRemoved: ['completed'],
    retryRequested: ['queued', 'split', 'retrying'],
    redeliverRequested: ['delivering'],
  },
  failed: {
    due: ['failed'],
    endEventSent: ['failed'],
    filesDeleted: ['failed'],
    inputRemoved: ['failed'],
    delivered: ['completed'],
    retryRequested: ['queued', 'split', 'retrying'],
    redeliverRequested: ['delivering'],
  },
  cancelled: {
    due: ['cancelled'],
    endEventSent: ['cancelled'],
    filesDeleted: ['cancelled'],
    inputRemoved: ['cancelled'],
    retryRequested: ['queued', 'split', 'retrying'],
    redeliverRequested: ['delivering'],
  },
};

/**
 * Asserts that the table allows a decision. One that it does not allow is a bug and must not be
 * written.
 *
 * @throws Error naming the event and both statuses
 */
export function assertAllowed(from: Status, event: EventType, to: Status): void {
  if (TRANSITIONS[from][event]?.includes(to)) return;
  throw new Error(`a bug: ${event} must not take a batch from ${from} to ${to}`);
}
