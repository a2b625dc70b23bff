import { Readable } from 'node:stream';
import { S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { answerText, type DeliveredBatch, defineProcessor } from 'batch-handler/processor';
import { type Options, stringify } from 'csv-stringify/sync';

/** A text like `=1+1` gets a quote, so that no spreadsheet runs a model's answer as a formula. */
const CSV: Options = { escape_formulas: true, record_delimiter: 'windows', quoted_match: /[\r\n]/ };

// Without these, a connection that hangs is waited for until the function is killed.
const s3 = new S3Client({
  requestHandler: { connectionTimeout: 3_000, requestTimeout: 60_000, throwOnRequestTimeout: true },
});

/**
 * Writes the answers of a batch to `processed/<batchId>.csv`, and what failed with its request to
 * `processed/errors/<batchId>.csv`, in the bucket that the results are in. A delivery that comes
 * again writes the same bytes to the same keys, which makes it idempotent.
 */
export const handler = defineProcessor(async (batch) => {
  await write(batch, `${batch.batchId}.csv`, answers(batch));
  // Not `<batchId>.errors.csv`: a batch may be called that.
  await write(batch, `errors/${batch.batchId}.csv`, failures(batch));
  const { batchId, deliveryId, counts } = batch;
  process.stdout.write(`${JSON.stringify({ batchId, deliveryId, counts })}\n`);
});

async function* answers(batch: DeliveredBatch): AsyncGenerator<string> {
  yield stringify([['custom_id', 'answer', 'input_tokens', 'output_tokens']], CSV);
  for await (const { customId, response, usage } of batch.results()) {
    yield stringify(
      [[customId, answerText(response.body), usage.inputTokens, usage.outputTokens]],
      CSV,
    );
  }
}

async function* failures(batch: DeliveredBatch): AsyncGenerator<string> {
  yield stringify([['custom_id', 'code', 'message', 'request']], CSV);
  for await (const { customId, request, error } of batch.errors()) {
    yield stringify([[customId, error.code, error.message, JSON.stringify(request.body)]], CSV);
  }
}

/** In parts of 8 MiB, so that any number of rows takes the same memory. */
async function write(
  batch: DeliveredBatch,
  name: string,
  rows: AsyncIterable<string>,
): Promise<void> {
  const Body = Readable.from(rows, { objectMode: false });
  const { bucketPrefix, results } = batch.event;
  const key = `${bucketPrefix}processed/${name}`;
  const params = { Bucket: results.bucket, Key: key, Body, ContentType: 'text/csv' };
  await new Upload({ client: s3, params, partSize: 8 * 1024 * 1024, queueSize: 1 }).done();
}
