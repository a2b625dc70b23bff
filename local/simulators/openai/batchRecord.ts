import type { PlanWord } from '../plan.ts';

export interface BatchError {
  readonly code: string;
  readonly message: string;
  readonly param: string | null;
  readonly line: number | null;
}

/** What a job wrote, once and for all. */
export interface Settlement {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly usage: { readonly inputTokens: number; readonly outputTokens: number };
  readonly outputFileId?: string;
  readonly errorFileId?: string;
}

/**
 * A job as it is kept. Its status is not kept: it follows from these facts and the time. Times
 * are milliseconds since 1970.
 */
export interface BatchRecord {
  readonly id: string;
  readonly sequence: number;
  readonly createdAt: number;
  readonly endpoint: string;
  readonly inputFileId: string;
  readonly completionWindow: string;
  readonly metadata: Readonly<Record<string, string>> | null;
  /** Life of the output files. */
  readonly outputSeconds: number;
  /** What the plan counts its jobs by: see the journal's `batch`. */
  readonly group: string;
  /** Of this job among those of its group, from 0. */
  readonly position: number;
  readonly word: PlanWord;
  readonly jobSeconds: number;
  /** Of the first line; absent if that has none. */
  readonly model?: string;
  readonly estimatedTokens: number;
  /** Any error means that the job fails without running. */
  readonly inspection?: {
    readonly at: number;
    readonly requests: number;
    readonly errors: readonly BatchError[];
  };
  readonly cancelRequestedAt?: number;
  readonly settlement?: Settlement;
}
