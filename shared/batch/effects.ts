import type { WorkKind } from './messages.ts';
import type { Reason } from './reason.ts';

/**
 * What is to be done after a decision was written. Every effect may be lost (the process dies
 * after the write) or happen twice: the record's `dueAt` brings the sweeper, which repeats it.
 */
export type Effect =
  | { readonly type: 'sendWork'; readonly work: WorkKind }
  | { readonly type: 'sendRequeue'; readonly delaySeconds: number; readonly version: number }
  | { readonly type: 'invokeProcessor' }
  | { readonly type: 'announce' }
  | { readonly type: 'reportStall' }
  | { readonly type: 'cancelJob'; readonly jobId: string }
  | {
      readonly type: 'holdProvider';
      readonly kind: HoldKind;
      readonly reason: Reason;
    }
  | { readonly type: 'releaseProvider' }
  /** Counts towards the provider's budget of the day, in USD. */
  | { readonly type: 'noteSpent'; readonly amount: number }
  /** Deletes at the provider what the record names as dispensable. */
  | { readonly type: 'cleanUp' }
  /** What could not be deleted in time stays at the provider until it expires there. */
  | { readonly type: 'reportFilesLeft'; readonly jobIds: readonly string[] };

/** `quota`: full for now. `account`: our credentials or our bill; somebody must act. */
export type HoldKind = 'quota' | 'account';
