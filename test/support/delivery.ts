import {
  CreateBucketCommand,
  GetObjectCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { startFauxqs } from 'fauxqs';
import type { ProcessorEvent } from '../../shared/processor/index.ts';

const BUCKET = 'batches';

/** A batch in S3, as it is delivered to a processor. */
export interface Delivery {
  /** Base URL of S3. */
  readonly url: string;
  readonly s3: S3Client;
  /** Writes the rows of a batch, and gives the event of its delivery. */
  deliver(rows: DeliveredRows): Promise<ProcessorEvent>;
  read(key: string): Promise<string>;
  stop(): Promise<void>;
}

interface DeliveredRows {
  readonly batchId?: string;
  readonly input: readonly object[];
  readonly results: readonly object[];
  readonly errors: readonly object[];
}

export async function startDelivery(): Promise<Delivery> {
  const server = await startFauxqs({ port: 0, logger: false });
  const url = `http://127.0.0.1:${server.port}`;
  const s3 = s3At(url);
  await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
  return {
    url,
    s3,
    async deliver({ batchId = 'b1', ...rows }) {
      const put = async (name: keyof typeof rows) => {
        const key = `batches/${batchId}/token/${name}.jsonl`;
        const text = rows[name].map((row) => `${JSON.stringify(row)}\n`).join('');
        const Body = Buffer.from(text);
        await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: key, Body }));
        return { bucket: BUCKET, key };
      };
      const [total, succeeded, failed] = [rows.input, rows.results, rows.errors].map(
        ({ length }) => length,
      ) as [number, number, number];
      return {
        version: 1,
        deliveryId: 'bh0123456789abcdef-delivery-1',
        deliveryAttempt: 1,
        batchId,
        provider: 'openai',
        model: 'm',
        endpoint: '/v1/chat/completions',
        counts: { total, succeeded, failed },
        usage: { inputTokens: 1, outputTokens: 1, totalTokens: 2 },
        cost: null,
        results: await put('results'),
        errors: await put('errors'),
        input: await put('input'),
        bucketPrefix: '',
        metadata: { team: 'support' },
        table: 'table',
        createdAt: '2026-11-23T10:00:00.000Z',
        finishedAt: '2026-11-23T11:00:00.000Z',
      };
    },
    async read(key) {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: BUCKET, Key: key }));
      return (await Body?.transformToString()) ?? '';
    },
    async stop() {
      s3.destroy();
      await server.stop();
    },
  };
}

/** An IP address as endpoint, so that the SDK uses path style by itself. */
export function s3At(endpoint: string): S3Client {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  return new S3Client({ endpoint, region: 'us-east-1', credentials });
}

export function requestOf(customId: string, content = `question of ${customId}`) {
  const body = { model: 'm', messages: [{ role: 'user', content }] };
  return { custom_id: customId, method: 'POST', url: '/v1/chat/completions', body };
}

export function answerOf(customId: string, content = `answer to ${customId}`) {
  const usage = { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 };
  const body = { choices: [{ message: { role: 'assistant', content } }], usage };
  const response = { status_code: 200, request_id: `req-${customId}`, body };
  return { id: `row-${customId}`, custom_id: customId, response, error: null };
}
