import { createReadStream, createWriteStream } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { LOCAL_CREDENTIALS, LOCAL_REGION } from '../../local/template/account.ts';
import { objectWriter } from '../../shared/aws/objectWrite.ts';
import { readLines } from '../engine/lines.ts';
import type { Verdict } from '../engine/plan.ts';
import { type RunRequest, refusedLine, writeLines } from '../engine/run.ts';
import { isObject } from '../engine/server.ts';
import { answer } from './replies.ts';

/** The buckets that jobs read and write, by `s3://` URI. */
export interface Buckets {
  read(uri: string): Promise<Readable>;
  /** Streams a file of any size into an object. */
  write(uri: string, path: string): Promise<void>;
  close(): void;
}

export function connectBuckets(endpoint: string): Buckets {
  const s3 = new S3Client({
    endpoint,
    region: LOCAL_REGION,
    credentials: LOCAL_CREDENTIALS,
    forcePathStyle: true,
  });
  return {
    async read(uri) {
      const { Body } = await s3.send(new GetObjectCommand(objectOf(uri)));
      return Body as Readable;
    },
    async write(uri, path) {
      const { Bucket: bucket, Key: key } = objectOf(uri);
      const writer = objectWriter(s3, { bucket, key });
      try {
        for await (const chunk of createReadStream(path)) await writer.write(chunk);
        await writer.close();
      } catch (error) {
        await writer.abort();
        throw error;
      }
    },
    close: () => s3.destroy(),
  };
}

function objectOf(uri: string): { Bucket: string; Key: string } {
  const [, Bucket = '', Key = ''] = /^s3:\/\/([^/]+)\/(.*)$/.exec(uri) ?? [];
  return { Bucket, Key };
}

/** https://docs.aws.amazon.com/general/latest/gr/bedrock.html#limits_bedrock */
const MIN_RECORDS = 100;
const MAX_RECORDS = 50_000;

/** What is known of a job's input. */
export interface Input {
  readonly records: number;
  /** Why it cannot be run. */
  readonly problem?: string;
}

/**
 * Fetches a job's input: the job keeps it, even if the object is deleted. What cannot be run is
 * left empty.
 */
export async function fetchInput(buckets: Buckets, uri: string, path: string): Promise<Input> {
  try {
    await pipeline(await buckets.read(uri), createWriteStream(path));
  } catch {
    await rm(path, { force: true });
    await writeFile(path, '');
    return { records: 0, problem: `The S3 object of the input data cannot be read: ${uri}` };
  }
  const input = await inspect(path);
  if (input.problem !== undefined) await writeFile(path, '');
  return input;
}

async function inspect(path: string): Promise<Input> {
  let records = 0;
  for await (const { number, bytes } of readLines(path)) {
    if (!isRecord(bytes))
      return { records, problem: `Line ${number} of the input data is no record in valid JSON.` };
    records += 1;
  }
  if (records < MIN_RECORDS)
    return {
      records,
      problem: `Batch job contains less records (${records}) than the required minimum of: ${MIN_RECORDS}`,
    };
  if (records > MAX_RECORDS)
    return {
      records,
      problem: `Batch job contains more records (${records}) than the maximum of: ${MAX_RECORDS}`,
    };
  return { records };
}

function isRecord(bytes: Buffer): boolean {
  try {
    const record: unknown = JSON.parse(bytes.toString());
    return isObject(record) && isObject(record.modelInput) && isRecordId(record.recordId);
  } catch {
    return false;
  }
}

function isRecordId(value: unknown): boolean {
  return typeof value === 'string' && /^[a-zA-Z0-9]+$/.test(value);
}

const ERRORS: Readonly<Record<Exclude<Verdict, 'succeeded' | 'not_run'>, object>> = {
  rate_limited: { errorCode: 429, errorMessage: 'Too many requests, please wait and try again.' },
  server_error: { errorCode: 500, errorMessage: 'The model failed to answer this request.' },
  refused: { errorCode: 400, errorMessage: 'Malformed input request: refused by plan.' },
};

/** Writes a job's output; a record that was not run has no line. */
export function writeOutput(
  path: string,
  job: { readonly modelId: string; readonly invocationType: string },
  requests: AsyncIterable<RunRequest>,
) {
  return writeLines(path, requests, ({ id: recordId, line, verdict, hash, bytes }) => {
    const modelInput = line.modelInput as Readonly<Record<string, unknown>>;
    if (verdict !== 'succeeded')
      return refusedLine({ modelInput, error: ERRORS[verdict], recordId });
    const { inputTokens, outputTokens, ...reply } = answer(job, modelInput, hash, bytes);
    const hasFailed = 'error' in reply;
    return { line: { modelInput, ...reply, recordId }, hasFailed, inputTokens, outputTokens };
  });
}
