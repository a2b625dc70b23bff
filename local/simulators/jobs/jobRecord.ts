import type { PlanWord } from '../plan.ts';

/** What a job wrote, once and for all. */
export interface Settlement {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly usage: { readonly inputTokens: number; readonly outputTokens: number };
}

/**
 * A job as it is kept. Its status is not kept: it follows from these facts and the time. Times
 * are milliseconds since 1970.
 */
export interface JobRecord {
  readonly id: string;
  readonly sequence: number;
  readonly createdAt: number;
  /** What the plan counts its jobs by: see the journal's `batch`. */
  readonly group: string;
  /** Of this job among those of its group, from 0. */
  readonly position: number;
  readonly word: PlanWord;
  readonly jobSeconds: number;
  /** Any error means that the job fails without running. */
  readonly inspection?: {
    readonly at: number;
    readonly requests: number;
    readonly errors: readonly { readonly code: string; readonly message: string }[];
  };
  readonly cancelRequestedAt?: number;
  readonly settlement?: Settlement;
  readonly isDeleted?: boolean;
}
