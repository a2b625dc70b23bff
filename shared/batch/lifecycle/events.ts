import type { ProviderErrorKind, Reason } from '../errors.ts';
import type { FailureGroup } from '../failures.ts';
import type { Input, JobSize, Slice } from '../input.ts';
import type { Job, JobState, Timing, Usage } from '../job.ts';
import type { Counts } from '../ledger.ts';
import type { WorkKind } from '../messages.ts';
import type { Problems } from '../problems.ts';
import type { Claim, Rows } from '../record.ts';

/** Everything that can happen to a batch after it was added. */
export type BatchEvent =
  /** The sweeper processes a record whose `dueAt` has passed. */
  | { readonly type: 'due' }
  /** The batch leaves the queue of `provider`. Default: the provider where the batch is now. */
  | {
      readonly type: 'admitted';
      readonly provider?: string;
      /** Set if the batch is larger than the provider takes: a worker cuts it into parts. */
      readonly splitTo?: JobSize;
    }
  /** The wait in `retrying` is over. Valid only at this version of the record. */
  | { readonly type: 'requeued'; readonly version: number }
  /** A worker claims the work under a fresh token. */
  | { readonly type: 'claimed'; readonly work: WorkStatus; readonly claim: Claim }
  /** The work failed in a way that may pass. No job can have been created. */
  | {
      readonly type: 'workFailed';
      readonly token: string;
      readonly reason: Reason;
      /** What a failure of the provider means. Absent if something else failed. */
      readonly failure?: ProviderErrorKind;
    }
  | {
      readonly type: 'inspected';
      readonly token: string;
      readonly input: Input;
    }
  /** Every part of a batch that was split has ended, after so many retries of the batch. */
  | { readonly type: 'partsEnded'; readonly retries: number }
  /** The input can never be submitted. */
  | {
      readonly type: 'inputRefused';
      readonly token: string;
      readonly reasons: readonly Reason[];
      /** All problems, by kind. */
      readonly problems: Problems;
      /** Key of the file with all reasons; undefined if there was no input to inspect. */
      readonly errorsKey: string | undefined;
    }
  /** A job under this submission's key exists at the provider: it was created or found. */
  | { readonly type: 'submitted'; readonly job: Job }
  /** The provider has refused the job for certain: there is no job under the key. */
  | {
      readonly type: 'submitRefused';
      readonly token: string;
      readonly refusal: 'quota' | 'account' | 'permanent';
      readonly reason: Reason;
      /** Set if the job was refused. Otherwise no job can be sent to the provider, of whatever batch. */
      readonly seenIn?: 'job';
    }
  /** A worker has cut the input into parts that the provider takes, and submitted nothing. */
  | {
      readonly type: 'sliced';
      readonly token: string;
      readonly parts: readonly Slice[];
      readonly reason: Reason;
    }
  /** The create call was sent and its reply lost: a job may exist, or be created late. */
  | { readonly type: 'submitUncertain'; readonly token: string; readonly reason: Reason }
  /** A complete listing, taken after the lease of this claim, has no job under its key. */
  | { readonly type: 'jobAbsent'; readonly token: string }
  /** No listing shows whether there is a job under this claim's key. */
  | {
      readonly type: 'jobUnconfirmed';
      readonly token: string;
      /** What is wrong with the listing. */
      readonly why: string;
      /** Whether the next sweep continues it. */
      readonly isContinued: boolean;
    }
  | {
      readonly type: 'jobChecked';
      readonly jobId: string;
      readonly job: JobState;
      /** What the provider entry says about the time of its jobs. Undefined if there is no such entry. */
      readonly timing: Timing | undefined;
    }
  /** The provider has taken a cancel of the job, which may run on for a while. */
  | { readonly type: 'cancelSent'; readonly jobId: string }
  | {
      readonly type: 'collected';
      readonly token: string;
      readonly rows: Rows;
      readonly counts: Counts;
      /** The rows of `errors` by error code. */
      readonly failureGroups: FailureGroup[];
      readonly usage: Usage;
      /** Cost of the job, or of all parts, in USD. Undefined if it is not known. */
      readonly cost?: number | undefined;
      /** Only for a batch in parts: the most attempts that one of them took. */
      readonly attempt?: number;
      /** Set if rows say that the account cannot pay. Nothing is wrong with the requests. */
      readonly accountRefusal?: Reason;
      /** Set if a part of the job's output could not be read, so that its files must stay. */
      readonly unread?: Reason;
      /** Rows of the job that could not be read. */
      readonly unreadableRows?: number;
    }
  | { readonly type: 'delivered'; readonly deliveryId: string }
  | {
      readonly type: 'deliveryFailed';
      readonly deliveryId: string;
      readonly deliveryAttempt: number;
      readonly reason: Reason;
    }
  | { readonly type: 'cancelRequested'; readonly messageId: string }
  /** For a part, `deadlineAt` is its parent's, which waits no longer than that. */
  | { readonly type: 'retryRequested'; readonly messageId: string; readonly deadlineAt?: number }
  | { readonly type: 'redeliverRequested'; readonly messageId: string }
  /** The event of the end at `statusAt` was sent. */
  | { readonly type: 'endEventSent'; readonly statusAt: number }
  /**
   * The files of these jobs are deleted at the provider, and the uploads that submissions up to
   * `leftoversUpTo` left there; 0 if no such uploads were searched for.
   */
  | {
      readonly type: 'filesDeleted';
      readonly jobIds: readonly string[];
      readonly leftoversUpTo: number;
    }
  /** The copies of its input are removed from the bucket. */
  | { readonly type: 'inputRemoved' };

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
  'sliced',
  'submitUncertain',
  'jobAbsent',
  'jobUnconfirmed',
  'jobChecked',
  'cancelSent',
  'collected',
  'delivered',
  'deliveryFailed',
  'cancelRequested',
  'retryRequested',
  'redeliverRequested',
  'endEventSent',
  'filesDeleted',
  'inputRemoved',
] as const satisfies readonly EventType[];

/**
 * An action after a decision was written. Every effect may be lost, if the process dies after the
 * write, or happen twice: at the record's `dueAt` the sweeper repeats it.
 */
export type Effect =
  | { readonly type: 'sendWork'; readonly work: WorkKind }
  | { readonly type: 'sendRequeue'; readonly delaySeconds: number; readonly version: number }
  | { readonly type: 'invokeProcessor' }
  | { readonly type: 'announce' }
  | { readonly type: 'reportStall' }
  | { readonly type: 'cancelJob'; readonly jobId: string }
  | {
      readonly type: 'blockProvider';
      readonly reason: Reason;
      /** Where a job of the batch was refused. Undefined if another call was, such as reading. */
      readonly seenIn?: 'job' | 'rows';
    }
  | { readonly type: 'coolDownProvider'; readonly reason: Reason }
  /** Counts towards the budgets of the day of the provider and of the tenant, in USD. */
  | { readonly type: 'noteSpent'; readonly amount: number }
  /** Deletes the files at the provider that the record names as no longer needed. */
  | { readonly type: 'deleteProviderFiles' }
  /** These jobs' files could not be deleted. They stay at the provider until they expire there. */
  | { readonly type: 'reportFilesLeft'; readonly jobIds: readonly string[] }
  /** Removes the copies of the input from the bucket. */
  | { readonly type: 'removeInput' }
  /** Reports that they could not be removed in time. */
  | { readonly type: 'reportInputLeft' };

export type EffectOf<T extends Effect['type']> = Extract<Effect, { type: T }>;

/** A refusal that is about the provider: `quota` passes by itself, for `account` somebody must act. */
export type ProviderRefusal = 'quota' | 'account';

export type ProviderRefusalEffect = EffectOf<'blockProvider' | 'coolDownProvider'>;

/**
 * A provider that refuses our account is blocked; one that refuses for quota cools down.
 *
 * @param seenIn for `account`: where a job of the batch was refused, if it was
 */
export function refusalEffect(
  refusal: ProviderRefusal,
  reason: Reason,
  seenIn?: 'job' | 'rows',
): ProviderRefusalEffect {
  if (refusal === 'quota') return { type: 'coolDownProvider', reason };
  return { type: 'blockProvider', reason, ...(seenIn && { seenIn }) };
}
