import { createWriteStream } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { readLines } from '../lines.ts';
import { isObject } from '../readJson.ts';
import type { Buckets } from './bucket.ts';

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
