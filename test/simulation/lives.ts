import type { ProviderErrorKind } from '../../shared/batch/errors.ts';

const MINUTE = 60_000;

/** How a simulated job ends. */
export type JobPlan =
  | 'completed'
  | 'partial'
  | 'expired'
  | 'quota'
  | 'account'
  | 'refused'
  | 'broken'
  | 'cancelled'
  | 'all_errors'
  | 'stuck';

/** A life of one batch without chance: what it meets if nothing goes wrong. */
export interface Life {
  readonly requests: number;
  /** Requests of one job. Default: all. */
  readonly maxRequests?: number;
  /** The provider shows the key of a job only after its end. */
  readonly hidesKeys?: boolean;
  /** How the first create calls are answered; those after them succeed. */
  readonly creates?: readonly ProviderErrorKind[];
  /** How the first jobs end; those after them are completed. */
  readonly plans?: readonly JobPlan[];
  readonly commands?: readonly {
    readonly action: 'cancel' | 'retry' | 'redeliver';
    readonly afterMs: number;
  }[];
  /** Who the batch belongs to. */
  readonly tenant?: string;
  /** The requests are sent singly, and the collector makes the batch of them. */
  readonly isCollected?: boolean;
  /** The batch is created over HTTP, by an SDK. */
  readonly overHttp?: {
    /** The file is uploaded in parts. */
    readonly inParts: boolean;
    readonly cancels: boolean;
  };
}

/** How long each job takes. */
export const JOB_MS = 30 * MINUTE;
/** In the middle of a job. */
const MIDWAY_MS = 12 * MINUTE;

/** The lives whose every I/O point is met with every fault. */
export const LIVES = {
  plain: { requests: 2 },
  'of a tenant': { requests: 2, tenant: 'a' },
  'in parts': { requests: 3, maxRequests: 2 },
  'refused for quota at once': { requests: 2, creates: ['quota'] },
  'refused for quota later': { requests: 2, plans: ['quota'] },
  'an expired job': { requests: 3, plans: ['expired'] },
  cancelled: {
    requests: 3,
    plans: ['cancelled'],
    commands: [{ action: 'cancel', afterMs: MIDWAY_MS }],
  },
  'failed and retried': {
    requests: 2,
    plans: ['all_errors'],
    commands: [{ action: 'retry', afterMs: 90 * MINUTE }],
  },
  'a hidden key': { requests: 2, hidesKeys: true },
  collected: { requests: 2, isCollected: true },
  'over HTTP': { requests: 2, overHttp: { inParts: true, cancels: false } },
  'cancelled over HTTP': {
    requests: 3,
    plans: ['cancelled'],
    overHttp: { inParts: false, cancels: true },
  },
} as const satisfies Readonly<Record<string, Life>>;
export type LifeName = keyof typeof LIVES;
