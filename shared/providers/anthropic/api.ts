import Anthropic from '@anthropic-ai/sdk';
import * as z from 'zod';
import { READ_RETRIES, READ_TIMEOUT_MS, streamingFetch } from '../http.ts';

export interface ApiConnection {
  readonly apiKey: string;
  /** Default: Anthropic's public endpoint. */
  readonly baseUrl?: string | undefined;
}

const PUBLIC_BASE_URL = 'https://api.anthropic.com';

/** The SDK would take what is left out from the environment, and log to the console. */
function settings({ apiKey, baseUrl = PUBLIC_BASE_URL }: ApiConnection) {
  return { apiKey, baseURL: baseUrl, webhookKey: null, logLevel: 'off' as const };
}

/** For calls that only read: they may be repeated, and their bodies stream. */
export function readClient(connection: ApiConnection): Anthropic {
  return new Anthropic({
    ...settings(connection),
    maxRetries: READ_RETRIES,
    timeout: READ_TIMEOUT_MS,
  });
}

/** For create, which an SDK must never send twice. */
export function createClient(connection: ApiConnection): Anthropic {
  return new Anthropic({ ...settings(connection), maxRetries: 0, fetch: streamingFetch });
}

/**
 * The parts of Anthropic's answers that are acted on. They are checked although the SDK has types
 * for them: a gateway's page with status 200 must not pass for an empty listing, which would be
 * taken as proof that a job does not exist.
 */
const batchIdSchema = z.string().min(1);
export const createdSchema = z.object({ id: batchIdSchema });

/** RFC 3339, as milliseconds since 1970. */
const time = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));

export const wireBatchSchema = z.object({
  id: batchIdSchema,
  processing_status: z.string(),
  /** All but `processing` are 0 until the batch has ended; their sum is the number of requests. */
  request_counts: z.object({
    processing: z.number(),
    succeeded: z.number(),
    errored: z.number(),
    canceled: z.number(),
    expired: z.number(),
  }),
  created_at: time,
  cancel_initiated_at: z.string().nullish(),
  /** Its results are gone since then. */
  archived_at: z.string().nullish(),
});
export type WireBatch = z.infer<typeof wireBatchSchema>;

export const batchListSchema = z.object({ data: z.array(wireBatchSchema), has_more: z.boolean() });

const errorSchema = z.object({
  type: z.string(),
  message: z.string().nullish(),
  details: z.object({ error_code: z.string().nullish() }).nullish(),
});
export type WireError = z.infer<typeof errorSchema>;

/** One line of the results. `message` is looked at when it is translated. */
export const resultSchema = z.object({
  custom_id: z.string(),
  result: z.discriminatedUnion('type', [
    z.object({ type: z.literal('succeeded'), message: z.record(z.string(), z.unknown()) }),
    z.object({
      type: z.literal('errored'),
      error: z.object({ error: errorSchema, request_id: z.string().nullish() }),
    }),
    z.object({ type: z.literal('canceled') }),
    z.object({ type: z.literal('expired') }),
  ]),
});
export type WireResult = z.infer<typeof resultSchema>;
