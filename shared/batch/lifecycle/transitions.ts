import type { Status } from '../status.ts';
import type { EventType } from './events.ts';

/**
 * The lifecycle at a glance: to which statuses each event can take a batch. `decide` implements
 * it and refuses to leave it, the diagram in docs/lifecycle.md draws it, and tests hold the three
 * together.
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
    cleanedUp: ['queued'],
    cancelRequested: ['collecting'],
  },
  split: {
    due: ['failed'],
    partsEnded: ['collecting'],
    cancelRequested: ['split'],
  },
  submitting: {
    due: ['submitting', 'collecting'],
    claimed: ['submitting'],
    workFailed: ['retrying', 'collecting'],
    submitted: ['running'],
    submitRefused: ['queued', 'collecting'],
    submitUncertain: ['submitting'],
    jobAbsent: ['submitting', 'collecting'],
    cleanedUp: ['submitting'],
    cancelRequested: ['submitting', 'collecting'],
  },
  running: {
    jobChecked: ['running', 'collecting', 'queued'],
    cleanedUp: ['running'],
    cancelRequested: ['running'],
  },
  collecting: {
    due: ['collecting', 'failed'],
    claimed: ['collecting'],
    workFailed: ['collecting'],
    collected: ['retrying', 'delivering', 'completed', 'failed', 'cancelled'],
    cleanedUp: ['collecting'],
    cancelRequested: ['collecting'],
  },
  delivering: {
    due: ['delivering', 'failed', 'cancelled'],
    delivered: ['completed'],
    deliveryFailed: ['delivering', 'failed', 'cancelled'],
    cleanedUp: ['delivering'],
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
    cleanedUp: ['completed'],
    retryRequested: ['queued', 'split'],
    redeliverRequested: ['delivering'],
  },
  failed: {
    due: ['failed'],
    endEventSent: ['failed'],
    cleanedUp: ['failed'],
    delivered: ['completed'],
    retryRequested: ['queued', 'split'],
    redeliverRequested: ['delivering'],
  },
  cancelled: {
    due: ['cancelled'],
    endEventSent: ['cancelled'],
    cleanedUp: ['cancelled'],
    retryRequested: ['queued', 'split'],
    redeliverRequested: ['delivering'],
  },
};

/**
 * A decision that the table does not allow is a bug: it must not be written.
 *
 * @throws Error with the event and both statuses
 */
export function assertAllowed(from: Status, event: EventType, to: Status): void {
  if (TRANSITIONS[from][event]?.includes(to)) return;
  throw new Error(`a bug: ${event} must not take a batch from ${from} to ${to}`);
}
