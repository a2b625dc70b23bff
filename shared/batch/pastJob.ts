import * as z from 'zod';
import type { Batch } from './batch.ts';
import { type Outcome, outcomeSchema } from './job.ts';
import { requestsToSend } from './ledger.ts';

const count = z.number().int().nonnegative();

/** A job that is over: what became of one attempt. */
export const pastJobSchema = z.object({
  /** The provider's. */
  id: z.string(),
  /** The entry that it ran at. */
  provider: z.string(),
  /** The same for two jobs if the first was refused for quota and used none. */
  attempt: count,
  submittedAt: z.number(),
  /** When its end was seen. */
  endedAt: z.number(),
  end: outcomeSchema.shape.kind,
  /** Of the provider's reason, if it gave one. */
  code: z.string().optional(),
  /** Requests that it was given, and how many of them succeeded. */
  requests: count,
  succeeded: count,
});
export type PastJob = z.infer<typeof pastJobSchema>;

/** A record stays small: the last jobs are in it. */
export const MAX_PAST_JOBS = 20;

/** The record's past jobs with its present one, if it has one. */
export function withPastJob(
  batch: Batch,
  { kind: end, reason }: Outcome,
  endedAt: number,
  succeeded: number,
): PastJob[] {
  const { job, provider, attempt, pastJobs } = batch;
  if (job === undefined) return pastJobs;
  const { id, submittedAt } = job;
  const requests = requestsToSend(batch);
  const code = reason === undefined ? {} : { code: reason.code };
  const past = { id, provider, attempt, submittedAt, endedAt, end, ...code, requests, succeeded };
  return [...pastJobs, past].slice(-MAX_PAST_JOBS);
}
