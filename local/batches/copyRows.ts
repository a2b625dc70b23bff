import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { S3Client } from '@aws-sdk/client-s3';
import { readObject } from '../../shared/aws/objectReader.ts';
import { saveWhole } from '../../shared/client/saveWhole.ts';
import type { BatchView } from './view.ts';

/** Local copies of a batch's rows. */
export interface RowFiles {
  readonly results: string;
  readonly errors: string;
}

/** Where the copies of a batch's rows are, or will be. */
export function rowFiles(directory: string, batchId: string): RowFiles {
  return {
    results: join(directory, `${batchId}.jsonl`),
    errors: join(directory, `${batchId}.errors.jsonl`),
  };
}

/** Copies a batch's rows out of the bucket; a batch without rows gets empty files. */
export async function copyRows(
  s3: S3Client,
  bucket: string,
  directory: string,
  { batchId, rows }: Pick<BatchView, 'batchId' | 'rows'>,
): Promise<RowFiles> {
  mkdirSync(directory, { recursive: true });
  const files = rowFiles(directory, batchId);
  await copy(s3, bucket, rows?.results, files.results);
  await copy(s3, bucket, rows?.errors, files.errors);
  return files;
}

async function copy(
  s3: S3Client,
  bucket: string,
  key: string | undefined,
  path: string,
): Promise<void> {
  if (!key) return writeFileSync(path, '');
  await saveWhole(path, readObject(s3, { bucket, key }));
}
