import OpenAI from 'openai';
import * as z from 'zod';
import type { RequestLine } from '../../jsonl/checkRequest.ts';
import {
  type ApiConnection,
  READ_RETRIES,
  READ_TIMEOUT_MS,
  readingFetch,
  streamingFetch,
} from '../http.ts';
import type { JobContext } from '../provider.ts';
import { modelAt, type RequestSettings } from '../settings.ts';

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
    fetch: readingFetch,
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
export const fileSchema = z.object({
  id: z.string().min(1),
  /** Azure's `pending` and `error` decide something; services write it in any way. */
  status: z
    .string()
    .transform((status) => status.toLowerCase())
    .optional()
    .catch(undefined),
  status_details: z.string().optional().catch(undefined),
});
export type Uploaded = z.infer<typeof fileSchema>;

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

/** Changes a request before it is uploaded. Returns the same object if nothing changes. */
export type LineChange = (line: RequestLine) => RequestLine;

/** What differs between services that speak OpenAI's Batch API. */
export interface Dialect {
  /** How a job's lines are changed. Undefined: the file is uploaded as it is. */
  lineChange(job: JobContext): LineChange | undefined;
  /** The endpoint in the create call, by the endpoint of the requests. */
  jobEndpoint(endpoint: string): string;
  /** How long results are kept if the job's options do not say. Default: the service's default. */
  readonly outputExpiresAfterSeconds?: number;
  /**
   * Whether the service may lack newer features of the API: an upload is repeated without its
   * expiry, and a listed job without metadata is identified by the name of its input file.
   */
  readonly isTolerant: boolean;
}

/** Renames the model. Undefined if the service uses the same name as the requests. */
export function renaming(
  { models }: Pick<RequestSettings, 'models'>,
  { model }: Pick<JobContext, 'model'>,
): LineChange | undefined {
  const name = modelAt(models, model);
  if (name === model) return undefined;
  return (line) => ({ ...line, body: { ...line.body, model: name } });
}

/** Leaves out fields of the bodies. Undefined if `fields` is empty. */
export function dropping(fields: readonly string[]): LineChange | undefined {
  if (fields.length === 0) return undefined;
  const names = new Set(fields);
  return (line) => {
    const kept = Object.entries(line.body).filter(([name]) => !names.has(name));
    if (kept.length === Object.keys(line.body).length) return line;
    return { ...line, body: Object.fromEntries(kept) };
  };
}

/** Applies changes one after the other. Undefined if there are none. */
export function inOrder(changes: readonly (LineChange | undefined)[]): LineChange | undefined {
  const real = changes.filter((change) => change !== undefined);
  if (real.length === 0) return undefined;
  return (line) => real.reduce((changed, change) => change(changed), line);
}
