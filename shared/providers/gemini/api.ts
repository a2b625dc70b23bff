import * as z from 'zod';
import { connectRest, type Rest } from '../google/rest.ts';
import { rpcStatusSchema } from '../google/status.ts';
import { type ApiConnection, timestamp } from '../http.ts';

/** The Gemini API under one key. */
export interface Client {
  readonly rest: Rest;
  /** The URL of a path, which begins with a slash. */
  url(path: string): string;
}

const PUBLIC_BASE_URL = 'https://generativelanguage.googleapis.com';
/** The version in the documentation of batch jobs: https://ai.google.dev/gemini-api/docs/batch-api */
export const VERSION = 'v1beta';

/** @param connection its `baseUrl` has no version */
export function connectClient({ apiKey, baseUrl = PUBLIC_BASE_URL }: ApiConnection): Client {
  const base = baseUrl.replace(/\/+$/, '');
  return {
    // The key is sent in a header, because URLs are logged.
    rest: connectRest(async () => ({ 'x-goog-api-key': apiKey })),
    url: (path) => base + path,
  };
}

/**
 * The fields of the API's answers that decide something. They are validated: a gateway's page with
 * status 200 must not pass for an empty listing, which would prove that a job does not exist.
 */

/** Such as `files/abc`. It becomes a part of URLs. */
const fileName = z.string().regex(/^files\/[\w.-]+$/);
const batchName = z.string().regex(/^batches\/[\w.-]+$/);
/** An int64, which JSON has as a string. */
const int64Count = z.coerce.number().int().nonnegative().nullish().catch(undefined);

export const createdSchema = z.object({ name: batchName });

export const uploadedSchema = z.object({ file: z.object({ name: fileName }) });

/** Results are in a file if the requests were, and in the job itself if the requests were inline. */
const output = z.object({
  responsesFile: fileName.nullish(),
  inlinedResponses: z.unknown().optional(),
  inlinedEmbedContentResponses: z.unknown().optional(),
});

const displayName = z.string().nullish().catch(undefined);
const createTime = timestamp.optional().catch(undefined);

/**
 * A long-running operation: https://ai.google.dev/api/batch-api, and without metadata as
 * https://github.com/googleapis/googleapis/blob/master/google/longrunning/operations.proto has it:
 * once it is done, it has an error or a response. Only its name, its state and its files are read
 * strictly: any other field of another type counts as absent.
 */
export const wireBatchSchema = z
  .object({
    name: batchName,
    done: z.boolean().optional().catch(undefined),
    metadata: z
      .object({
        state: z.string().optional(),
        displayName,
        createTime,
        inputConfig: z.object({ fileName: fileName.nullish() }).nullish().catch(undefined),
        output: output.nullish(),
        batchStats: z
          .object({ successfulRequestCount: int64Count, failedRequestCount: int64Count })
          .nullish()
          .catch(undefined),
      })
      .optional(),
    error: rpcStatusSchema.nullish().catch(undefined),
    response: output.nullish(),
  })
  .refine(({ done, metadata }) => done || metadata?.state !== undefined);
export type WireBatch = z.infer<typeof wireBatchSchema>;

const nextPageToken = z.string().nullish();

/**
 * A page of jobs, each of which is read by itself. An empty list is omitted, so that `{}` is one.
 * https://github.com/googleapis/googleapis/blob/master/google/longrunning/operations.proto:
 * `unreachable` names places whose jobs the list does not contain.
 */
export const batchListSchema = z
  .looseObject({
    operations: z.array(z.unknown()).optional(),
    unreachable: z.array(z.unknown()).max(0).optional(),
    nextPageToken,
  })
  .refine(({ operations, nextPageToken: _, unreachable: __, ...rest }) => {
    return operations !== undefined || Object.keys(rest).length === 0;
  });

/**
 * What identifies a job in a listing. Other programs' jobs may differ from ours, and have no display
 * name; of one whose name cannot be read, nobody knows whose it is.
 */
export const listedBatchSchema = z.object({
  name: z.string().min(1),
  metadata: z.object({ displayName: z.string().nullish(), createTime }),
});

export const fileListSchema = z.object({
  files: z
    .array(z.object({ name: fileName, displayName: z.string().nullish(), createTime: timestamp }))
    .default([]),
  nextPageToken,
});

/** One line of the results: an answer or an error, which some documents call `status`. */
export const resultSchema = z.object({
  key: z.string(),
  response: z.record(z.string(), z.unknown()).nullish(),
  error: rpcStatusSchema.nullish(),
  status: rpcStatusSchema.nullish(),
});
export type WireResult = z.infer<typeof resultSchema>;

/** A result may be anything: each is read by itself. */
const inlined = z
  .object({
    inlinedResponses: z.array(
      z
        .looseObject({ metadata: z.looseObject({}).nullish().catch(undefined) })
        .catch({ metadata: undefined }),
    ),
  })
  .nullish();
export const inlinedOutputSchema = z.object({
  inlinedResponses: inlined,
  inlinedEmbedContentResponses: inlined,
});
