import OpenAI from 'openai';
import * as z from 'zod';
import type { RequestLine } from '../../jsonl/checkRequest.ts';
import {
  type ApiConnection,
  isTime,
  READ_RETRIES,
  READ_TIMEOUT_MS,
  readingFetch,
  SECOND_MS,
  streamingFetch,
  timestamp,
} from '../http.ts';
import type { JobContext } from '../provider.ts';
import { modelAt, type RequestSettings } from '../settings.ts';
import { withReadableErrors } from './errorBodies.ts';

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
    fetch: withReadableErrors(readingFetch),
  });
}

/** For upload and create: nothing is sent twice unless the call says so. */
export function writeClient(connection: ApiConnection): OpenAI {
  return new OpenAI({
    ...clientOptions(connection),
    maxRetries: 0,
    fetch: withReadableErrors(streamingFetch),
  });
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

/** Seconds since 1970. Azure's examples also have ISO 8601, and others have digits as text. */
export const unixSeconds = z
  .union([
    z.number(),
    timestamp.transform((time) => Math.floor(time / SECOND_MS)),
    z.string().regex(/^\d+$/).transform(Number),
  ])
  .refine((seconds) => isTime(seconds) && isTime(seconds * SECOND_MS));

/** A field that decides nothing: a value of another type counts as absent. */
export const ifText = z.string().nullish().catch(undefined);
export const ifNumber = z.number().nullish().catch(undefined);

const batchErrorSchema = z.object({
  code: ifText,
  message: ifText,
  // Azure has it as a text, too.
  line: z
    .union([z.number(), z.string().regex(/^\d+$/).transform(Number)])
    .nullish()
    .catch(undefined),
});
export type BatchError = z.infer<typeof batchErrorSchema>;

/**
 * The first error of a batch; undefined if there is none. OpenAI has `{ data: […] }`, Azure's dated
 * versions `{ data: {…} }`, and others a list, whose entries may be texts:
 * https://docs.maritaca.ai/en/batch-api
 */
const firstError = z.unknown().transform((errors): BatchError | undefined => {
  const { data = errors } = (errors ?? {}) as { data?: unknown };
  const first: unknown = Array.isArray(data) ? data[0] : data;
  if (typeof first === 'string' && first !== '') return { message: first };
  const error = batchErrorSchema.safeParse(first).data;
  return error?.code || error?.message ? error : undefined;
});

/**
 * Only the id, the status and the files of the output are read strictly. All else may have any type:
 * https://developers.openai.com/api/reference/resources/batches, and what is compatible with it.
 */
export const wireBatchSchema = z.object({
  id: z.string().min(1),
  status: z.string(),
  created_at: unixSeconds.optional().catch(undefined),
  input_file_id: ifText,
  output_file_id: z.string().nullish(),
  error_file_id: z.string().nullish(),
  errors: firstError.optional(),
  request_counts: z.object({ completed: ifNumber, failed: ifNumber }).nullish().catch(undefined),
  metadata: z.record(z.string(), z.unknown()).nullish().catch(undefined),
});
export type WireBatch = z.infer<typeof wireBatchSchema>;

/** What identifies a batch in a listing. */
export const listedBatchSchema = wireBatchSchema
  .pick({ id: true, created_at: true, input_file_id: true, metadata: true })
  .extend({ status: ifText });
export type ListedBatch = z.infer<typeof listedBatchSchema>;

/** What identifies an upload in a listing. */
export const listedFileSchema = fileNameSchema.extend({
  id: z.string().min(1),
  created_at: unixSeconds.optional().catch(undefined),
});

/** A page of batches or files, each of which is read by itself. */
export const pageSchema = z.object({
  data: z.array(z.unknown()),
  /** Azure's dated versions leave it out for files, and other services for both. */
  has_more: z.boolean().nullish().catch(undefined),
  /** Groq's: https://console.groq.com/docs/batch, "Iterate Over All Batches" */
  paging: z.object({ next_cursor: z.string().nullish() }).nullish(),
});
export type Page = z.infer<typeof pageSchema>;

/** Changes a request before it is uploaded. Returns the same object if nothing changes. */
export type LineChange = (line: RequestLine) => RequestLine;

/** What differs between services that speak OpenAI's Batch API. */
export interface Dialect {
  /** How a job's lines are changed. Undefined: the file is uploaded as it is. */
  lineChange(job: JobContext): LineChange | undefined;
  /** The endpoint in the create call, by the endpoint of the requests. */
  jobEndpoint(endpoint: string): string;
  /** Of jobs whose message names none. Default: 24h. */
  readonly completionWindow?: string;
  /** How long results are kept if the job's options do not say. Default: the service's default. */
  readonly outputExpiresAfterSeconds?: number;
  /** Whether uploads get an expiry, and whether one whose expiry is refused is repeated without it. */
  readonly fileExpiry: 'always' | 'if taken' | 'never';
  /** Whether jobs keep the metadata that they are created with. Otherwise their input names them. */
  readonly keepsMetadata: boolean;
  /** Whether a list of jobs is documented to begin after any of them: `after` is the id of a batch. */
  readonly listsAfterJob: boolean;
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
