import * as z from 'zod';
import { classifierOf, isAboutMissing } from '../google/errors.ts';
import { connectRest, type Rest } from '../google/rest.ts';
import { statusSchema } from '../google/status.ts';

export interface ApiConnection {
  readonly apiKey: string;
  /** Without the version. Default: Google's public endpoint. */
  readonly baseUrl?: string | undefined;
}

/** The Gemini API under one key. */
export interface Client {
  readonly rest: Rest;
  /** Of a path that begins with a slash. */
  url(path: string): string;
}

const PUBLIC_BASE_URL = 'https://generativelanguage.googleapis.com';
/** Of the documentation of batch jobs: https://ai.google.dev/gemini-api/docs/batch-api */
export const VERSION = 'v1beta';

export function connectClient({ apiKey, baseUrl = PUBLIC_BASE_URL }: ApiConnection): Client {
  const base = baseUrl.replace(/\/+$/, '');
  return {
    // In a header: URLs are logged.
    rest: connectRest(async () => ({ 'x-goog-api-key': apiKey })),
    url: (path) => base + path,
  };
}

/** What a failed call means. */
export const classify = classifierOf('Gemini', {
  when: ({ status, message }) => status === 404 || isAboutMissing(message),
  upload: 'permanent',
  create: 'permanent',
  read: 'missing',
});

/**
 * The parts of the API's answers that are acted on. They are checked: a gateway's page with status
 * 200 must not pass for an empty listing, which would be taken as proof that a job does not exist.
 */

/** `files/…`, which becomes part of a path. */
const fileName = z.string().regex(/^files\/[\w.-]+$/);
const batchName = z.string().regex(/^batches\/[\w.-]+$/);
/** RFC 3339, as milliseconds since 1970. */
const time = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));
/** An int64, which JSON has as a string. */
const count = z.coerce.number().int().nonnegative().nullish();

export const createdSchema = z.object({ name: batchName });

export const uploadedSchema = z.object({ file: z.object({ name: fileName }) });

/** Results stand in a file where the requests did, and in the job itself where they came inline. */
const output = z.object({
  responsesFile: fileName.nullish(),
  inlinedResponses: z.unknown().optional(),
  inlinedEmbedContentResponses: z.unknown().optional(),
});

/** A long-running operation: https://ai.google.dev/api/batch-api */
export const wireBatchSchema = z.object({
  name: batchName,
  metadata: z.object({
    state: z.string(),
    displayName: z.string().nullish(),
    createTime: time,
    inputConfig: z.object({ fileName: fileName.nullish() }).nullish(),
    output: output.nullish(),
    batchStats: z.object({ successfulRequestCount: count, failedRequestCount: count }).nullish(),
  }),
  error: statusSchema.nullish(),
  response: output.nullish(),
});
export type WireBatch = z.infer<typeof wireBatchSchema>;

const nextPageToken = z.string().nullish();

/** An empty list is left out. Other people's jobs may hold what ours do not. */
export const batchListSchema = z.object({
  operations: z
    .array(
      z.object({
        name: batchName,
        metadata: wireBatchSchema.shape.metadata.pick({ displayName: true, createTime: true }),
      }),
    )
    .default([]),
  nextPageToken,
});

export const fileListSchema = z.object({
  files: z
    .array(z.object({ name: fileName, displayName: z.string().nullish(), createTime: time }))
    .default([]),
  nextPageToken,
});

/** One line of the results: an answer or an error, which is called `status` in some places. */
export const resultSchema = z.object({
  key: z.string(),
  response: z.record(z.string(), z.unknown()).nullish(),
  error: statusSchema.nullish(),
  status: statusSchema.nullish(),
});
export type WireResult = z.infer<typeof resultSchema>;

const inlined = z
  .object({
    inlinedResponses: z.array(
      z.object({
        metadata: z.object({ key: z.string() }),
        response: resultSchema.shape.response,
        error: statusSchema.nullish(),
      }),
    ),
  })
  .nullish();
export const inlinedOutputSchema = z.object({
  inlinedResponses: inlined,
  inlinedEmbedContentResponses: inlined,
});
