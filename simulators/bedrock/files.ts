import { createReadStream, createWriteStream } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { readLines } from '../engine/lines.ts';
import { isObject, parseJson } from '../engine/router.ts';

/** The region and account of simulated jobs: those of the emulators of a local run. */
export const REGION = 'us-east-1';
export const ACCOUNT_ID = '000000000000';

/** The buckets that jobs read from and write to, by `s3://` URI. */
export interface Buckets {
  read(uri: string): Promise<Readable>;
  /** Streams a file of any size into an object. */
  write(uri: string, path: string): Promise<void>;
  close(): void;
}

export function connectBuckets(endpoint: string): Buckets {
  const s3 = new S3Client({
    endpoint,
    region: REGION,
    // Emulators check no signature, but the SDK needs something to sign with.
    credentials: { accessKeyId: 'simulator', secretAccessKey: 'simulator' },
    forcePathStyle: true,
  });
  return {
    async read(uri) {
      const { Body } = await s3.send(new GetObjectCommand(locationOf(uri)));
      return Body as Readable;
    },
    async write(uri, path) {
      const params = { ...locationOf(uri), Body: createReadStream(path) };
      await new Upload({ client: s3, params }).done();
    },
    close: () => s3.destroy(),
  };
}

function locationOf(uri: string): { Bucket: string; Key: string } {
  const [, Bucket = '', Key = ''] = /^s3:\/\/([^/]+)\/(.*)$/.exec(uri) ?? [];
  return { Bucket, Key };
}

/** https://docs.aws.amazon.com/general/latest/gr/bedrock.html#limits_bedrock */
const MAX_RECORDS = 50_000;

/** What is known of a job's input. */
interface InputReport {
  readonly records: number;
  /** Why the job cannot run. Absent if it can. */
  readonly problem?: string;
}

/**
 * Copies a job's input, so that the job keeps it even if the object is deleted. The copy of an
 * input that cannot run is empty.
 */
export async function fetchInput(
  buckets: Buckets,
  uri: string,
  path: string,
  minRecords: number,
): Promise<InputReport> {
  try {
    await pipeline(await buckets.read(uri), createWriteStream(path));
  } catch (error) {
    await rm(path, { force: true });
    await writeFile(path, '');
    const isOfBucket = error instanceof Error && error.name === 'NoSuchBucket';
    const problem = isOfBucket
      ? `Failed to read the S3 bucket: ${locationOf(uri).Bucket}`
      : `The S3 object of the input data cannot be read: ${uri}`;
    return { records: 0, problem };
  }
  const input = await inspectInput(path, minRecords);
  if (input.problem !== undefined) await writeFile(path, '');
  return input;
}

async function inspectInput(path: string, minRecords: number): Promise<InputReport> {
  let records = 0;
  for await (const { number, bytes } of readLines(path)) {
    if (!isRecord(parseJson(bytes.toString())))
      return { records, problem: `Line ${number} of the input data is no record in valid JSON.` };
    records += 1;
  }
  if (records < minRecords)
    return {
      records,
      problem: `Batch job contains less records (${records}) than the required minimum of: ${minRecords}`,
    };
  if (records > MAX_RECORDS)
    return {
      records,
      problem: `Batch job contains more records (${records}) than the maximum of: ${MAX_RECORDS}`,
    };
  return { records };
}

function isRecord(value: unknown): boolean {
  if (!isObject(value) || !isObject(value.modelInput)) return false;
  const { recordId } = value;
  return typeof recordId === 'string' && /^[a-zA-Z0-9]+$/.test(recordId);
}
