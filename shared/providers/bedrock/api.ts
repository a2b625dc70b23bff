import { BedrockClient } from '@aws-sdk/client-bedrock';
import { S3Client } from '@aws-sdk/client-s3';
import * as z from 'zod';
import { omitUndefined } from '../../omitUndefined.ts';
import { READ_DEADLINE_MS, READ_RETRIES, READ_TIMEOUT_MS } from '../http.ts';
import type { BedrockSettings } from './description.ts';

/** The clients use the functions' own credentials: there is no secret. */
export interface Clients {
  /** For get, list and stop, which may be repeated. */
  readonly reads: BedrockClient;
  /** For create: nothing is sent twice. */
  readonly writes: BedrockClient;
  /** For listing and deleting in the handler's bucket. */
  readonly s3: S3Client;
}

const READ_ATTEMPTS = 1 + READ_RETRIES;
const CONNECTION_TIMEOUT_MS = 3_000;

export function connectClients(
  { region }: Pick<BedrockSettings, 'region'>,
  baseUrl: string | undefined,
): Clients {
  const place = omitUndefined({ region, endpoint: baseUrl });
  const limited = {
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    requestTimeout: READ_TIMEOUT_MS,
    throwOnRequestTimeout: true,
    socketTimeout: READ_TIMEOUT_MS,
  };
  // If Bedrock closed a kept connection just then, a create call may or may not have arrived.
  const fresh = { httpAgent: { keepAlive: false }, httpsAgent: { keepAlive: false } };
  return {
    reads: new BedrockClient({ ...place, maxAttempts: READ_ATTEMPTS, requestHandler: limited }),
    writes: new BedrockClient({ ...place, maxAttempts: 1, requestHandler: fresh }),
    s3: new S3Client({ maxAttempts: READ_ATTEMPTS, requestHandler: limited }),
  };
}

/** The SDK limits each try; the signal limits all of them together. */
export function readOptions(): { abortSignal: AbortSignal } {
  return { abortSignal: AbortSignal.timeout(READ_DEADLINE_MS) };
}

/**
 * The fields of Bedrock's answers that decide something. They are validated although the SDK has
 * types for them: it leaves out what it does not find, and a listing without a list would prove
 * that a job does not exist.
 */
const jobArn = z.string().min(1);

export const createdSchema = z.object({ jobArn });

/** The ARN, the status and the name, which leads to the output, are read strictly. */
export const wireJobSchema = z.object({
  jobArn,
  jobName: z.string(),
  status: z.string(),
  message: z.string().nullish().catch(undefined),
  processedRecordCount: z.number().nullish().catch(undefined),
  successRecordCount: z.number().nullish().catch(undefined),
});
export type WireJob = z.infer<typeof wireJobSchema>;

/** What identifies a job in a listing. */
export const listedJobSchema = z.object({
  jobArn,
  jobName: z.string(),
  submitTime: z.date().optional().catch(undefined),
});

/** A page of jobs, each of which is read by itself. */
export const jobListSchema = z.object({
  invocationJobSummaries: z.array(z.unknown()),
  nextToken: z.string().nullish(),
});

export const objectListSchema = z.object({
  // Always present: an answer without it is not S3's.
  KeyCount: z.number(),
  Contents: z.array(z.object({ Key: z.string(), LastModified: z.date() })).default([]),
  NextContinuationToken: z.string().nullish(),
});

/** The folder of all jobs' files in the handler's bucket. The jobs' role may use no other. */
export const PROVIDER_FILES = 'provider-files/';

const INPUT = 'input.jsonl';

/** The folder of one submission. */
export function folderOf(key: string): string {
  return `${PROVIDER_FILES}${key}/`;
}

export function inputKey(key: string): string {
  return `${folderOf(key)}${INPUT}`;
}

/** Bedrock creates a folder in it, named after the last part of the job's ARN. */
export function outputFolder(key: string): string {
  return `${folderOf(key)}output/`;
}

/** https://docs.aws.amazon.com/bedrock/latest/userguide/batch-inference-results.html */
export function outputKey(key: string, jobArn: string): string {
  return `${outputFolder(key)}${jobArn.slice(jobArn.lastIndexOf('/') + 1)}/${INPUT}.out`;
}
