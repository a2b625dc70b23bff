import Anthropic from '@anthropic-ai/sdk';
import * as z from 'zod';
import { READ_RETRIES, READ_TIMEOUT_MS, readingFetch, streamingFetch, timestamp } from '../http.ts';

export const PUBLIC_BASE_URL = 'https://api.anthropic.com';

/** How the API is reached: with a key, or at AWS with signed calls. */
export interface AnthropicConnection {
  readonly baseUrl: string;
  readonly apiKey: string | null;
  /** Sent with every call. */
  readonly headers: Readonly<Record<string, string | null>>;
  /** The same fetch with what the calls need besides headers. */
  prepared(send: typeof fetch): typeof fetch;
}

/** The SDK would read options that are left out from the environment, and log to the console. */
function clientOptions({ apiKey, baseUrl, headers: defaultHeaders }: AnthropicConnection) {
  const credentials = { apiKey, authToken: null, webhookKey: null };
  return { ...credentials, baseURL: baseUrl, defaultHeaders, logLevel: 'off' as const };
}

/** For calls that only read, which may be repeated. Response bodies are streamed. */
export function readClient(connection: AnthropicConnection): Anthropic {
  return new Anthropic({
    ...clientOptions(connection),
    maxRetries: READ_RETRIES,
    timeout: READ_TIMEOUT_MS,
    fetch: connection.prepared(readingFetch),
  });
}

/** For create: nothing is sent twice. */
export function writeClient(connection: AnthropicConnection): Anthropic {
  const fetch = connection.prepared(streamingFetch);
  return new Anthropic({ ...clientOptions(connection), maxRetries: 0, fetch });
}

/**
 * The fields of Anthropic's answers that decide something. They are validated although the SDK has
 * types for them: a gateway's page with status 200 must not pass for an empty listing, which would
 * prove that a job does not exist.
 */
const batchIdSchema = z.string().min(1);
export const createdSchema = z.object({ id: batchIdSchema });

const count = z.number().nonnegative();

/** Only the id and the status are read strictly: any other field of another type counts as absent. */
export const wireBatchSchema = z.object({
  id: batchIdSchema,
  processing_status: z.string(),
  /** All but `processing` are 0 until the batch has ended. Their sum is the number of requests. */
  request_counts: z
    .object({
      processing: count,
      succeeded: count,
      errored: count,
      canceled: count,
      expired: count,
    })
    .optional()
    .catch(undefined),
  created_at: timestamp.optional().catch(undefined),
  cancel_initiated_at: z.string().nullish().catch(undefined),
  /** When the results were deleted. */
  archived_at: z.string().nullish().catch(undefined),
});
export type WireBatch = z.infer<typeof wireBatchSchema>;

/** A page of batches, each of which is read by itself. */
export const batchListSchema = z.object({ data: z.array(z.unknown()), has_more: z.boolean() });

/** Until its end, a batch is recognized by nothing but its number of requests. */
export const listedBatchSchema = z.union([
  wireBatchSchema.required({ request_counts: true }),
  wireBatchSchema.extend({ processing_status: z.literal('ended') }),
]);

const errorSchema = z.object({
  type: z.string(),
  message: z.string().nullish().catch(undefined),
  details: z.object({ error_code: z.string().nullish() }).nullish().catch(undefined),
});
export type WireError = z.infer<typeof errorSchema>;

const requestId = z.string().nullish().catch(undefined);

/**
 * The error of one request. The API nests it in an error response, `MessageBatchErroredResult` of
 * the SDK; gateways write it as it is: https://github.com/liushuangls/go-anthropic/issues/133
 */
const rowErrorSchema = z.union([
  z
    .object({ error: errorSchema, request_id: requestId })
    .transform(({ error, request_id }) => ({ error, requestId: request_id })),
  errorSchema.transform((error) => ({ error, requestId: undefined })),
]);

/** The `result` of a line of the results. The translation validates `message`. */
export const resultSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('succeeded'), message: z.record(z.string(), z.unknown()) }),
  z.object({ type: z.literal('errored'), error: rowErrorSchema }),
  z.object({ type: z.literal('canceled') }),
  z.object({ type: z.literal('expired') }),
]);
export type WireResult = z.infer<typeof resultSchema>;
