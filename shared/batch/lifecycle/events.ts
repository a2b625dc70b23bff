import type { Reason } from '../errors.ts';
import type { Job, JobState, Usage } from '../job.ts';
import type { Counts } from '../ledger.ts';
import type { WorkKind } from '../messages.ts';
import type { Claim, Input, Rows } from '../record.ts';

/** Everything that can happen to a batch after it was added. */
export type BatchEvent =
  /** The sweeper looks at a record whose time has come. */
  | { readonly type: 'due' }
  /** The sweeper found room for it: at its provider, or at another of those that it may go to. */
  | { readonly type: 'admitted'; readonly provider?: string }
  /** Its backoff is over: valid only at this version of the record. */
  | { readonly type: 'requeued'; readonly version: number }
  /** A worker takes the work on, under a fresh token. */
  | { readonly type: 'claimed'; readonly work: WorkStatus; readonly claim: Claim }
  /** The work failed in a way that may pass; no job can have been created. */
  | { readonly type: 'workFailed'; readonly token: string; readonly reason: Reason }
  | {
      readonly type: 'inspected';
      readonly token: string;
      readonly input: Input;
    }
  /** Every part of a batch that was split has ended. */
  | { readonly type: 'partsEnded' }
  /** The input can never be submitted. */
  | {
      readonly type: 'inputRefused';
      readonly token: string;
      readonly reasons: readonly Reason[];
      /** Where all reasons are; absent if there was no file to say it of. */
      readonly errorsKey: string | undefined;
    }
  /** A job exists at the provider under this submission's key: created or found. */
  | { readonly type: 'submitted'; readonly job: Job }
  /** The provider said no, definitely: there is no job under the key. */
  | {
      readonly type: 'submitRefused';
      readonly token: string;
      readonly refusal: 'quota' | 'account' | 'permanent';
      readonly reason: Reason;
    }
  /** The create call was sent and its answer lost: a job may exist, or land late. */
  | { readonly type: 'submitUncertain'; readonly token: string; readonly reason: Reason }
  /** A complete listing, taken after the lease of this claim ran out, held no job under its key. */
  | { readonly type: 'jobAbsent'; readonly token: string }
  | { readonly type: 'jobChecked'; readonly jobId: string; readonly job: JobState }
  | {
      readonly type: 'collected';
      readonly token: string;
      readonly rows: Rows;
      readonly counts: Counts;
      readonly usage: Usage;
      /** Of the job, or of all parts, in USD. Absent: it is not known. */
      readonly cost?: number | undefined;
      /** Of a batch in parts: the most attempts that one of them took. */
      readonly attempt?: number;
      /** Rows say that the account cannot pay: nothing is wrong with the requests. */
      readonly accountRefusal?: Reason;
    }
  | { readonly type: 'delivered'; readonly deliveryId: string }
  | {
      readonly type: 'deliveryFailed';
      readonly deliveryId: string;
      readonly deliveryAttempt: number;
      readonly reason: Reason;
    }
  | { readonly type: 'cancelRequested'; readonly messageId: string }
  /** Of a part, `deadlineAt` is its parent's: the parent waits no longer. */
  | { readonly type: 'retryRequested'; readonly messageId: string; readonly deadlineAt?: number }
  | { readonly type: 'redeliverRequested'; readonly messageId: string }
  /** The event of the end that the batch met at `statusAt` is out. */
  | { readonly type: 'endEventSent'; readonly statusAt: number }
  /**
   * These jobs have no file at the provider any more, nor has a submission up to this one left an
   * upload there; 0 if uploads were not looked for.
   */
  | {
      readonly type: 'cleanedUp';
      readonly jobIds: readonly string[];
      readonly leftoversUpTo: number;
    };

/** The statuses in which a worker holds a claim. */
export type WorkStatus = 'inspecting' | 'submitting' | 'collecting';

export type EventType = BatchEvent['type'];
export type EventOf<T extends EventType> = Extract<BatchEvent, { type: T }>;

export const EVENT_TYPES = [
  'due',
  'admitted',
  'requeued',
  'claimed',
  'workFailed',
  'inspected',
  'partsEnded',
  'inputRefused',
  'submitted',
  'submitRefused',
  'submitUncertain',
  'jobAbsent',
  'jobChecked',
  'collected',
  'delivered',
  'deliveryFailed',
  'cancelRequested',
  'retryRequested',
  'redeliverRequested',
  'endEventSent',
  'cleanedUp',
] as const satisfies readonly EventType[];

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
  /** Deletes the files at the provider that the record names as no longer needed. */
  | { readonly type: 'deleteProviderFiles' }
  /** What could not be deleted in time stays at the provider until it expires there. */
  | { readonly type: 'reportFilesLeft'; readonly jobIds: readonly string[] };

export type EffectOf<T extends Effect['type']> = Extract<Effect, { type: T }>;

/** `quota`: full for now. `account`: our credentials or our bill; somebody must act. */
export type HoldKind = 'quota' | 'account';
