import { randomUUID } from 'node:crypto';
import { defineProcessor } from '../../../../shared/processor/index.ts';

/** A processor whose effect happens once: each time that it runs, it leaves a trace of its own. */
export const handler = defineProcessor(
  async ({ batchId, deliveryId, event }) => {
    const key = `effects/${batchId}/${deliveryId}/${randomUUID()}`;
    const url = `${process.env.AWS_ENDPOINT_URL_S3}/${event.results.bucket}/${key}`;
    const signal = AbortSignal.timeout(10_000);
    const response = await fetch(url, { method: 'PUT', body: 'done', signal });
    if (!response.ok) throw new Error(`${url}: ${response.status}`);
  },
  { once: true },
);
