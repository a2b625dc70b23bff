import type { Reason } from '../batch/errors.ts';

interface Times {
  /** For people: one sentence or part of one, with UTC times. It may contain a provider's text. */
  readonly text: string;
  /** When the cause began, in ISO 8601. Absent if that is not known. */
  readonly since?: string;
  /** When it ends, or when the next try is, in ISO 8601. Absent if no time is known. */
  readonly until?: string;
}

/** What a batch that has not ended waits for. New kinds may be added. */
export type WaitingFor = Times &
  (
    | {
        /** The input is inspected, or a worker for that is awaited. */
        readonly kind: 'inspection';
        readonly reason?: Reason;
      }
    /** Its own `notBefore`. */
    | { readonly kind: 'not_before' }
    | {
        /** The backoff before the next attempt. */
        readonly kind: 'retry';
        readonly attempt: number;
        readonly reason?: Reason;
      }
    | {
        /** A user has paused the provider. */
        readonly kind: 'paused';
        readonly provider: string;
        readonly by?: string;
        readonly reason?: string;
      }
    | {
        /** The provider refuses the account, or (`cooling_down`) is over quota. */
        readonly kind: 'blocked' | 'cooling_down';
        readonly provider: string;
        readonly reason: Reason;
        /** Refusals in a row. */
        readonly refusals: number;
      }
    /** The deployment has no such provider entry any more. */
    | { readonly kind: 'no_provider'; readonly provider: string }
    | {
        /** The daily budget of the provider entry, in USD. */
        readonly kind: 'budget';
        readonly provider: string;
        readonly spent: number;
        readonly budget: number;
      }
    | {
        /** The daily budget of its tenant, at all providers together, in USD. */
        readonly kind: 'tenant_budget';
        readonly tenant: string;
        readonly spent: number;
        readonly budget: number;
      }
    | {
        /** Room at the provider. */
        readonly kind: 'queue';
        readonly provider: string;
        /** Whether there is no room for it now. Otherwise the next sweep looks for some. */
        readonly isFull: boolean;
        /** In the queue of its tenant, from 1. Absent for a batch that the queue does not show yet. */
        readonly position?: number;
        /** Estimated tokens of batches of its model before it in the queue of its tenant. */
        readonly tokensAhead?: number;
        /**
         * Other tenants whose batches wait at the provider, too: each gets the same share of what becomes
         * free. Those of no tenant count as one. Absent if there are none.
         */
        readonly sharedWith?: number;
        /** Jobs at the provider. */
        readonly jobs?: number;
        /** Tokens of the model in all jobs that the provider takes, as configured or learned. */
        readonly limitTokens?: number;
      }
    | {
        /** The job is being submitted, or it is looked for after its answer was lost. */
        readonly kind: 'submission';
        readonly provider: string;
        readonly isLookedFor: boolean;
        readonly reason?: Reason;
      }
    | {
        /** The job, which the provider runs. */
        readonly kind: 'job';
        readonly provider: string;
        /** Whether the provider may still refuse the job for quota. */
        readonly isPending: boolean;
      }
    /** The end of a job that is being cancelled. */
    | { readonly kind: 'cancel'; readonly provider: string }
    | {
        /** The rows of the job are collected, or those of the parts are merged. */
        readonly kind: 'collection';
        readonly reason?: Reason;
      }
    | {
        /** The parts of a batch that is too large for one job. */
        readonly kind: 'parts';
        readonly total: number;
        /** These are absent in a listing that did not read the parts. */
        readonly running?: number;
        readonly ended?: number;
        readonly waiting?: number;
      }
    | {
        /** The processor. */
        readonly kind: 'delivery';
        /** Number of the invocation that runs, or that is next, and how many there are at most. */
        readonly invocation: number;
        readonly of: number;
        readonly isRunning: boolean;
        /** Why the one before failed. */
        readonly reason?: Reason;
        /** Where the processor's log is. */
        readonly log?: string;
      }
  );

/** What takes its usual course needs no words beside the status. */
const USUAL: ReadonlySet<WaitingFor['kind']> = new Set<WaitingFor['kind']>([
  'inspection',
  'submission',
  'job',
  'collection',
  'delivery',
]);

/** The text for a line beside the status; empty if the status says it all. */
export function notableText(waiting: WaitingFor | undefined): string {
  if (!waiting) return '';
  const { kind } = waiting;
  if (kind === 'queue' && !waiting.isFull && (waiting.position ?? 1) === 1) return '';
  const isUsual = USUAL.has(kind) && !('reason' in waiting) && !(kind === 'job' && waiting.until);
  return isUsual ? '' : waiting.text;
}

/** ISO 8601. */
export function iso(time: number): string {
  return new Date(time).toISOString();
}

/** A UTC time to the second, with the date if it is another day. */
export function timeText(time: number, now: number): string {
  const [date = '', clock = ''] = iso(time).split('T');
  const [today] = iso(now).split('T');
  const text = `${clock.slice(0, 8)}Z`;
  return date === today ? text : `${date} ${text}`;
}

export function reasonText({ code, message }: Pick<Reason, 'code' | 'message'>): string {
  return `${code}: ${message}`;
}

/** A number, with its noun in the singular or plural if one is given. */
export function counted(count: number, noun?: string): string {
  const text = Math.floor(count).toLocaleString('en-US');
  return noun === undefined ? text : `${text} ${noun}${count === 1 ? '' : 's'}`;
}
