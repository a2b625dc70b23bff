import { Readable } from 'node:stream';
import { S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { type DeliveredBatch, defineProcessor } from '../../shared/processor/index.ts';
import { csvRow } from './csv.ts';

const s3 = new S3Client({});

/**
 * Writes the answers of a batch to `processed/<batchId>.csv` and what failed to
 * `processed/<batchId>.errors.csv`, in the bucket that the results are in. A delivery that comes
 * again writes the same bytes to the same keys, which makes it idempotent.
 */
export const handler = defineProcessor(async (batch) => {
  await write(batch, `processed/${batch.batchId}.csv`, answers(batch));
  await write(batch, `processed/${batch.batchId}.errors.csv`, failures(batch));
  const { batchId, deliveryId, counts } = batch;
  process.stdout.write(`${JSON.stringify({ batchId, deliveryId, counts })}\n`);
});

async function* answers(batch: DeliveredBatch): AsyncGenerator<string> {
  yield csvRow(['custom_id', 'answer', 'total_tokens']);
  for await (const { customId, response } of batch.results()) {
    const { choices, usage } = response.body as ChatCompletion;
    yield csvRow([customId, choices?.[0]?.message?.content ?? '', usage?.total_tokens ?? '']);
  }
}

async function* failures(batch: DeliveredBatch): AsyncGenerator<string> {
  yield csvRow(['custom_id', 'code', 'message']);
  for await (const { customId, error } of batch.errors()) {
    yield csvRow([customId, error.code, error.message]);
  }
}

/** What is used of an answer of /v1/chat/completions. */
interface ChatCompletion {
  readonly choices?: readonly { readonly message?: { readonly content?: string | null } }[];
  readonly usage?: { readonly total_tokens?: number };
}

/** In parts of 8 MiB, so that any number of rows takes the same memory. */
async function write(
  batch: DeliveredBatch,
  key: string,
  rows: AsyncIterable<string>,
): Promise<void> {
  const Body = Readable.from(rows, { objectMode: false });
  const params = { Bucket: batch.event.results.bucket, Key: key, Body, ContentType: 'text/csv' };
  await new Upload({ client: s3, params, partSize: 8 * 1024 * 1024, queueSize: 1 }).done();
}
