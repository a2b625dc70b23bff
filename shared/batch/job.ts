import * as z from 'zod';
import { saturated } from './bounds.ts';
import { reasonSchema } from './errors.ts';

/** A provider's job, as a record names it. */
export const jobSchema = z.object({
  id: z.string(),
  /** The submission whose key the job carries. */
  submission: z.number().int().positive(),
  submittedAt: z.number(),
  /** When the provider was first seen to have accepted the job: it can no longer refuse it for quota. */
  acceptedAt: z.number().optional(),
  /** Finished requests at the last recorded progress, and its time. */
  progress: z.number().optional(),
  progressAt: z.number().optional(),
  /** When the job stalled. It is cancelled from then on, until it ends. */
  stalledAt: z.number().optional(),
  /** When the provider first took a cancel of the job, and when it last did. */
  cancelledAt: z.number().optional(),
  cancelSentAt: z.number().optional(),
});
export type Job = z.infer<typeof jobSchema>;

export const usageSchema = z.object({
  inputTokens: z.number().int().nonnegative(),
  outputTokens: z.number().int().nonnegative(),
  totalTokens: z.number().int().nonnegative(),
  /** Input tokens from the provider's cache. Absent if there were none or the provider does not say. */
  cachedTokens: z.number().int().nonnegative().optional(),
  /** Input tokens that were written to the cache. Absent if there were none or the provider does not say. */
  cacheWriteTokens: z.number().int().nonnegative().optional(),
  /** Those of them that stay there for the longer lifetime: an hour at Claude, 12 hours at OpenAI. */
  longCacheWriteTokens: z.number().int().nonnegative().optional(),
});
export type Usage = z.infer<typeof usageSchema>;

export const NO_USAGE: Usage = { inputTokens: 0, outputTokens: 0, totalTokens: 0 };

/** Each sum stops at the greatest safe integer: no provider's numbers make a record unreadable. */
export function sumUsage(a: Usage, b: Usage): Usage {
  const sum: Usage = {
    inputTokens: saturated(a.inputTokens + b.inputTokens),
    outputTokens: saturated(a.outputTokens + b.outputTokens),
    totalTokens: saturated(a.totalTokens + b.totalTokens),
  };
  for (const part of CACHE_PARTS) {
    const tokens = (a[part] ?? 0) + (b[part] ?? 0);
    if (tokens > 0) sum[part] = saturated(tokens);
  }
  return sum;
}

/** Parts of a usage that are absent instead of 0. */
const CACHE_PARTS = ['cachedTokens', 'cacheWriteTokens', 'longCacheWriteTokens'] as const;

/**
 * How a job, or the attempt to start one, ended. `deadline`: it had not ended when the batch had to
 * end. `files` are the provider's ids of the job's output, which is collected whatever the outcome.
 */
export const outcomeSchema = z.object({
  kind: z.enum(['completed', 'expired', 'cancelled', 'failed', 'deadline']),
  /** Absent when no job was ever started. */
  jobId: z.string().optional(),
  files: z.array(z.string()).default([]),
  /**
   * Requests that were answered, by the provider's own count: if the files have fewer, they are not
   * whole yet. Absent if the provider does not say.
   */
  answered: z.number().int().nonnegative().optional(),
  /** The job's error, for the requests that have no row of their own. */
  reason: reasonSchema.optional(),
  /**
   * `permanent`: the same input would fail again, so requests without a row have failed for good.
   * `quota`: the provider is full. `account`: it refuses the credentials or the bill. In both cases
   * it has not accepted the job, so no attempt is used.
   */
  refusal: z.enum(['permanent', 'quota', 'account']).optional(),
});
export type Outcome = z.infer<typeof outcomeSchema>;

/** The `answered` of an outcome, by whatever the provider counts. No count, and 0, say nothing. */
export function answeredOf(count: unknown): number | undefined {
  const isCount = typeof count === 'number' && Number.isSafeInteger(count) && count > 0;
  return isCount ? count : undefined;
}

const count = z.number().int().nonnegative();

/** A job that is over: the result of one attempt. */
export const pastJobSchema = z.object({
  /** The provider's id of the job. */
  id: z.string(),
  /** The provider entry that ran it. */
  provider: z.string(),
  /** Two jobs share a number if the first was refused for quota, which uses no attempt. */
  attempt: count,
  submittedAt: z.number(),
  /** When the handler saw that it had ended. */
  endedAt: z.number(),
  end: outcomeSchema.shape.kind,
  /** Code of the provider's reason, if it gave one. */
  code: z.string().optional(),
  /** Requests that the job was given, and how many of them succeeded. */
  requests: count,
  succeeded: count,
  /**
   * Token of the worker that merged its rows, which is in their keys: the rows of the whole batch as they
   * were after this job. Absent if they were not collected, and in records of earlier versions.
   */
  rowsToken: z.string().optional(),
});
export type PastJob = z.infer<typeof pastJobSchema>;

/** Past jobs in a record, which must stay small. */
export const MAX_PAST_JOBS = 20;

/** The state of a job according to its provider. */
export type JobState =
  /**
   * `progress`: finished requests, if the provider reports them. `isPending`: the job has not begun
   * and may still be refused for quota.
   */
  | { readonly state: 'running'; readonly progress?: number; readonly isPending?: boolean }
  | { readonly state: 'ended'; readonly outcome: Outcome }
  /** The provider does not know the job. This never proves that the job does not run. */
  | { readonly state: 'missing' }
  /**
   * Nothing is known of the job: `status` is a word that this version does not know, or says why the
   * provider's answer could not be read. The job is checked again, its state never guessed.
   */
  | { readonly state: 'unknown'; readonly status: string };

/** How long a provider may take for a job, where its create call says so. */
export const completionWindowSchema = z
  .string()
  .regex(/^[1-9]\d{0,2}[hd]$/, 'must be hours or days, such as 24h or 7d');

/** The window of providers that have only one, and of entries and messages that name none. */
export const USUAL_WINDOW = '24h';

export function hoursOfWindow(window: string): number {
  return Number.parseInt(window, 10) * (window.endsWith('d') ? 24 : 1);
}

const hours = z.number().positive().max(10_000);

/** How long a provider entry's jobs may take before one counts as stalled, in hours. */
export const timingSchema = z.strictObject({
  /**
   * From its submission, including the time for which it only waits to begin: by then the provider
   * itself has ended a job. Absent: it never ends one.
   */
  completionHours: hours.optional(),
  /**
   * Without another finished request, once a first one was seen. A job that shows none may only be
   * waiting to begin. Absent: a job may make no progress for as long as it runs.
   */
  progressHours: hours.optional(),
});
export type Timing = Readonly<z.infer<typeof timingSchema>>;

/** What a provider entry may hold at once, and what one of its jobs may hold. */
export const limitsSchema = z.strictObject({
  /** Jobs at the provider at the same time. */
  maxInFlight: z.number().int().positive(),
  /** Estimated prompt tokens per model in all jobs at the provider. */
  maxEnqueuedTokens: z.number().int().positive(),
  /** Requests in all jobs at the provider. Absent: no such limit. */
  maxEnqueuedRequests: z.number().int().positive().optional(),
  /** Jobs started within an hour. Absent: no such limit. */
  maxStartsPerHour: z.number().int().positive().optional(),
  /** Requests in one job. */
  maxRequests: z.number().int().positive(),
  /** Bytes of one job's file. */
  maxBytes: z.number().int().positive(),
  /** Texts in all requests of one job to an embeddings endpoint. Absent: no such limit. */
  maxEmbeddingInputs: z.number().int().positive().optional(),
});
export type Limits = z.infer<typeof limitsSchema>;
