import type { EventType } from '../events.ts';
import type { Status } from '../status.ts';

/**
 * The lifecycle at a glance: to which statuses each event can take a batch. `decide` implements
 * it, the diagram in docs/lifecycle.md draws it, and tests hold the three together.
 */
export const TRANSITIONS: Readonly<
  Record<Status, Partial<Readonly<Record<EventType, readonly Status[]>>>>
> = {
  inspecting: {
    due: ['inspecting', 'cancelled', 'failed'],
    claimed: ['inspecting'],
    workFailed: ['inspecting'],
    inspected: ['queued', 'retrying', 'collecting'],
    inputRefused: ['failed'],
    cancelRequested: ['inspecting', 'cancelled'],
  },
  queued: {
    due: ['collecting'],
    admitted: ['submitting'],
    cancelRequested: ['collecting'],
  },
  submitting: {
    due: ['submitting', 'collecting'],
    claimed: ['submitting'],
    workFailed: ['retrying', 'collecting'],
    submitted: ['running'],
    submitRefused: ['queued', 'collecting'],
    submitUncertain: ['submitting'],
    jobAbsent: ['submitting', 'collecting'],
    cancelRequested: ['submitting', 'collecting'],
  },
  running: {
    jobChecked: ['running', 'collecting', 'queued'],
    cancelRequested: ['running'],
  },
  collecting: {
    due: ['collecting', 'failed'],
    claimed: ['collecting'],
    workFailed: ['collecting'],
    collected: ['retrying', 'delivering', 'failed', 'cancelled'],
    cancelRequested: ['collecting'],
  },
  delivering: {
    due: ['delivering', 'failed', 'cancelled'],
    delivered: ['completed'],
    deliveryFailed: ['delivering', 'failed', 'cancelled'],
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
    retryRequested: ['queued'],
    redeliverRequested: ['delivering'],
  },
  failed: {
    due: ['failed'],
    endEventSent: ['failed'],
    delivered: ['completed'],
    retryRequested: ['queued'],
    redeliverRequested: ['delivering'],
  },
  cancelled: {
    due: ['cancelled'],
    endEventSent: ['cancelled'],
    retryRequested: ['queued'],
    redeliverRequested: ['delivering'],
  },
};
