import { BedrockClient } from '@aws-sdk/client-bedrock';
import { S3Client } from '@aws-sdk/client-s3';
import * as z from 'zod';
import { READ_DEADLINE_MS, READ_RETRIES, READ_TIMEOUT_MS } from '../http.ts';
import type { BedrockSettings } from './description.ts';

/** Credentials come from where the functions have theirs: there is no secret. */
export interface Clients {
  /** For get, list and stop: harmless to repeat. */
  readonly reads: BedrockClient;
  /** For create: nothing is sent twice. */
  readonly writes: BedrockClient;
  /** Of the handler's bucket, for listing and deleting. */
  readonly s3: S3Client;
}

const READ_ATTEMPTS = 1 + READ_RETRIES;
const CONNECTION_TIMEOUT_MS = 3_000;

export function connectClients(
  { region }: Pick<BedrockSettings, 'region'>,
  baseUrl: string | undefined,
): Clients {
  const place = {
    ...(region === undefined ? {} : { region }),
    ...(baseUrl === undefined ? {} : { endpoint: baseUrl }),
  };
  const bounded = {
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    requestTimeout: READ_TIMEOUT_MS,
    throwOnRequestTimeout: true,
    socketTimeout: READ_TIMEOUT_MS,
  };
  // A kept connection that is just being closed would leave open whether a create call arrived.
  const fresh = { httpAgent: { keepAlive: false }, httpsAgent: { keepAlive: false } };
  return {
    reads: new BedrockClient({ ...place, maxAttempts: READ_ATTEMPTS, requestHandler: bounded }),
    writes: new BedrockClient({ ...place, maxAttempts: 1, requestHandler: fresh }),
    s3: new S3Client({ maxAttempts: READ_ATTEMPTS, requestHandler: bounded }),
  };
}

/** The SDK bounds each try; the signal bounds all of them together. */
export function readOptions(): { abortSignal: AbortSignal } {
  return { abortSignal: AbortSignal.timeout(READ_DEADLINE_MS) };
}

/**
 * The parts of Bedrock's answers that are acted on. They are checked although the SDK has types
 * for them: what it cannot find it leaves out, and a listing without a list would be taken as
 * proof that a job does not exist.
 */
const jobArn = z.string().min(1);

export const createdSchema = z.object({ jobArn });

export const wireJobSchema = z.object({
  jobArn,
  jobName: z.string(),
  status: z.string(),
  message: z.string().nullish(),
  submitTime: z.date(),
  processedRecordCount: z.number().nullish(),
});
export type WireJob = z.infer<typeof wireJobSchema>;

export const jobListSchema = z.object({
  invocationJobSummaries: z.array(
    wireJobSchema.pick({ jobArn: true, jobName: true, submitTime: true }),
  ),
  nextToken: z.string().nullish(),
});

export const objectListSchema = z.object({
  // Always there: an answer without it is none of S3.
  KeyCount: z.number(),
  Contents: z.array(z.object({ Key: z.string(), LastModified: z.date() })).default([]),
  NextContinuationToken: z.string().nullish(),
});

/** Where a job's files are in the handler's bucket: the job's role may use this folder alone. */
export const PROVIDER_FILES = 'provider-files/';

const INPUT = 'input.jsonl';
/** A key of this project: nothing else makes a folder, or the name of a job of ours. */
const KEY = /^bh[a-z0-9]{16}-[1-9][0-9]*$/;

export function isKey(jobName: string): boolean {
  return KEY.test(jobName);
}

/** Everything of one submission. */
export function folderOf(key: string): string {
  return `${PROVIDER_FILES}${key}/`;
}

export function inputKey(key: string): string {
  return `${folderOf(key)}${INPUT}`;
}

/** Bedrock makes a folder in it, named by the last part of the job's ARN. */
export function outputFolder(key: string): string {
  return `${folderOf(key)}output/`;
}

/** https://docs.aws.amazon.com/bedrock/latest/userguide/batch-inference-results.html */
export function outputKey(key: string, jobArn: string): string {
  return `${outputFolder(key)}${jobArn.slice(jobArn.lastIndexOf('/') + 1)}/${INPUT}.out`;
}
