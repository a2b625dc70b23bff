import * as z from 'zod';

/**
 * The parts of Bedrock's answers that are acted on. They are checked although the SDK has types
 * for them: what it cannot find it leaves out, and a listing without a list would be taken as
 * proof that a job does not exist.
 */
const jobArn = z.string().min(1);

export const createdSchema = z.object({ jobArn });

export const jobSchema = z.object({
  jobArn,
  jobName: z.string(),
  status: z.string(),
  message: z.string().nullish(),
  submitTime: z.date(),
  processedRecordCount: z.number().nullish(),
});
export type WireJob = z.infer<typeof jobSchema>;

export const jobListSchema = z.object({
  invocationJobSummaries: z.array(
    jobSchema.pick({ jobArn: true, jobName: true, submitTime: true }),
  ),
  nextToken: z.string().nullish(),
});

export const objectListSchema = z.object({
  // Always there: an answer without it is none of S3.
  KeyCount: z.number(),
  Contents: z.array(z.object({ Key: z.string(), LastModified: z.date() })).default([]),
  NextContinuationToken: z.string().nullish(),
});
