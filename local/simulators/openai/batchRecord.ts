import type { JobRecord, Settlement as JobSettlement } from '../jobs/jobRecord.ts';

export interface BatchError {
  readonly code: string;
  readonly message: string;
  readonly param: string | null;
  readonly line: number | null;
}

/** What a job wrote, once and for all. */
export interface Settlement extends JobSettlement {
  readonly outputFileId?: string;
  readonly errorFileId?: string;
}

/** A job of the Batch API. */
export interface BatchRecord extends JobRecord {
  readonly endpoint: string;
  readonly inputFileId: string;
  readonly completionWindow: string;
  readonly metadata: Readonly<Record<string, string>> | null;
  /** Life of the output files. */
  readonly outputSeconds: number;
  /** Of the first line; absent if that has none. */
  readonly model?: string;
  readonly estimatedTokens: number;
  readonly inspection?: {
    readonly at: number;
    readonly requests: number;
    readonly errors: readonly BatchError[];
  };
  readonly settlement?: Settlement;
}
