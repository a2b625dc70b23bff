import OpenAI from 'openai';
import * as z from 'zod';
import { type ApiConnection, READ_RETRIES, READ_TIMEOUT_MS, streamingFetch } from '../http.ts';

const PUBLIC_BASE_URL = 'https://api.openai.com/v1';

/** The SDK would read options that are left out from the environment, and log to the console. */
function clientOptions({ apiKey, baseUrl = PUBLIC_BASE_URL }: ApiConnection) {
  return {
    apiKey,
    baseURL: baseUrl,
    adminAPIKey: null,
    organization: null,
    project: null,
    logLevel: 'off' as const,
  };
}

/** For calls that only read, which may be repeated. Response bodies are streamed. */
export function readClient(connection: ApiConnection): OpenAI {
  return new OpenAI({
    ...clientOptions(connection),
    maxRetries: READ_RETRIES,
    timeout: READ_TIMEOUT_MS,
  });
}

/** For upload and create: nothing is sent twice unless the call says so. */
export function writeClient(connection: ApiConnection): OpenAI {
  return new OpenAI({ ...clientOptions(connection), maxRetries: 0, fetch: streamingFetch });
}

/**
 * The fields of OpenAI's answers that decide something. They are validated although the SDK has
 * types for them: a gateway's page with status 200 must not pass for an empty listing, which would
 * prove that a job does not exist.
 */
export const fileSchema = z.object({ id: z.string().min(1) });

export const fileNameSchema = z.object({ filename: z.string() });

/** Seconds since 1970. Azure's examples also have ISO 8601. */
const unixSeconds = z.union([
  z.number(),
  z.iso.datetime({ offset: true }).transform((text) => Math.floor(Date.parse(text) / 1000)),
]);
// Azure gives null before it has counted.
const requestCount = z.number().nullish();

const batchErrorSchema = z.object({
  code: z.string().nullish(),
  message: z.string().nullish(),
  line: z.number().nullish(),
});
export type BatchError = z.infer<typeof batchErrorSchema>;

export const wireBatchSchema = z.object({
  id: z.string().min(1),
  status: z.string(),
  created_at: unixSeconds,
  input_file_id: z.string().nullish(),
  output_file_id: z.string().nullish(),
  error_file_id: z.string().nullish(),
  errors: z.object({ data: z.array(batchErrorSchema).nullish() }).nullish(),
  request_counts: z.object({ completed: requestCount, failed: requestCount }).nullish(),
  metadata: z.record(z.string(), z.string()).nullish(),
});
export type WireBatch = z.infer<typeof wireBatchSchema>;

export const fileListSchema = z.object({
  data: z.array(fileSchema.extend({ filename: z.string(), created_at: unixSeconds })),
  has_more: z.boolean(),
});

export const batchListSchema = z.union([
  z.object({ data: z.array(wireBatchSchema), has_more: z.boolean() }),
  // Groq's: https://console.groq.com/docs/batch, "Iterate Over All Batches"
  z.object({
    data: z.array(wireBatchSchema),
    paging: z.object({ next_cursor: z.string().nullish() }),
  }),
]);
export type BatchList = z.infer<typeof batchListSchema>;
