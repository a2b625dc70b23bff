import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { paginateListObjectsV2, type S3Client } from '@aws-sdk/client-s3';
import { readObject } from '../shared/aws/objectRead.ts';
import { type OwnPlace, ownObject } from '../shared/batch/ids.ts';
import { saveFile } from '../shared/client/saveFile.ts';
import type { BatchView } from './batches.ts';

/** Local copies of a batch's rows. */
export interface RowFiles {
  readonly results: string;
  readonly errors: string;
}

/** The paths of the local copies of a batch's rows. */
export function rowFiles(directory: string, batchId: string): RowFiles {
  return {
    results: join(directory, `${batchId}.jsonl`),
    errors: join(directory, `${batchId}.errors.jsonl`),
  };
}

/**
 * Copies a batch's rows, or the bad lines of a refused input, from the bucket. A batch without rows gets
 * empty files.
 */
export async function copyRows(
  s3: S3Client,
  place: OwnPlace,
  directory: string,
  { batchId, rows, inputErrorsKey }: Pick<BatchView, 'batchId' | 'rows' | 'inputErrorsKey'>,
): Promise<RowFiles> {
  mkdirSync(directory, { recursive: true });
  const files = rowFiles(directory, batchId);
  await copy(s3, place, rows?.results, files.results);
  await copy(s3, place, rows?.errors ?? inputErrorsKey, files.errors);
  return files;
}

async function copy(
  s3: S3Client,
  place: OwnPlace,
  key: string | undefined,
  path: string,
): Promise<void> {
  if (!key) return writeFileSync(path, '');
  await saveFile(path, readObject(s3, ownObject(place, key)));
}

/** The prefix of the objects that the example processor writes. */
const PROCESSED = 'processed/';

/** The URLs of the objects that the processor wrote for a batch. */
export async function listProcessed(
  s3: S3Client,
  place: OwnPlace,
  batchId: string,
): Promise<readonly string[]> {
  const { bucket, key: prefix } = ownObject(place, PROCESSED);
  const urls: string[] = [];
  // Compares whole parts of the key, because "a-1" must not match "a-12".
  for await (const { Contents = [] } of paginateListObjectsV2(
    { client: s3 },
    { Bucket: bucket, Prefix: prefix },
  ))
    for (const { Key: key = '' } of Contents)
      if (
        key
          .slice(prefix.length)
          .split('/')
          .some((part) => part === batchId || part.startsWith(`${batchId}.`))
      )
        urls.push(`s3://${bucket}/${key}`);
  return urls;
}
