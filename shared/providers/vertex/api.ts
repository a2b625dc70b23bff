import * as z from 'zod';
import { isSubmissionKey } from '../../batch/ids.ts';
import { referenceOf as hashedReference } from '../../jsonl/rows.ts';
import { rpcStatusSchema } from '../google/status.ts';
import { timestamp } from '../http.ts';

/**
 * The fields of Google's answers that decide something. They are validated: a gateway's page must
 * not pass for an empty listing, which would prove that a job does not exist.
 */
const jobName = z
  .string()
  .regex(/^projects\/[^/]+\/locations\/[^/]+\/batchPredictionJobs\/[^/?#]+$/);
export const createdSchema = z.object({ name: jobName });

/** An int64, which JSON has as a string. -1 means unknown. */
const int64Count = z.coerce.number().catch(0);

const labels = z.record(z.string(), z.string());

/**
 * https://docs.cloud.google.com/vertex-ai/docs/reference/rest/v1/projects.locations.batchPredictionJobs
 * Only the name, the state and where the output is are read strictly: any other field of another
 * type counts as absent.
 */
export const wireJobSchema = z.object({
  name: jobName,
  state: z.string(),
  createTime: timestamp.optional().catch(undefined),
  labels: labels.optional().catch(undefined),
  error: rpcStatusSchema.nullish().catch(undefined),
  completionStats: z
    .object({ successfulCount: int64Count.optional(), failedCount: int64Count.optional() })
    .nullish()
    .catch(undefined),
  inputConfig: z
    .object({
      gcsSource: z.object({ uris: z.array(z.string()) }).optional(),
      bigquerySource: z.object({ inputUri: z.string() }).optional(),
    })
    .catch({}),
  outputConfig: z.object({
    gcsDestination: z.object({ outputUriPrefix: z.string() }).optional(),
    bigqueryDestination: z.object({ outputUri: z.string() }).optional(),
  }),
});
export type WireJob = z.infer<typeof wireJobSchema>;

/** What identifies a job in a listing, which was asked only for jobs with our label. */
export const listedJobSchema = z.object({
  name: jobName,
  createTime: wireJobSchema.shape.createTime,
  labels,
});
/** A page of jobs, each of which is read by itself. */
export const jobPageSchema = z
  .looseObject({
    batchPredictionJobs: z.array(z.unknown()).optional(),
    nextPageToken: z.string().optional(),
  })
  // An empty listing is `{}`. Anything else without a list is no listing.
  .refine((page) => page.batchPredictionJobs !== undefined || Object.keys(page).length === 0);

/** The label of a job whose value is its submission key. By it, the job is found again. */
export const KEY_LABEL = 'batch_handler_key';
/** The label of a request to Gemini in Cloud Storage whose value is its reference. */
export const REFERENCE_LABEL = 'batch_handler_request';

/**
 * The id of a request in a job. It begins with a letter, because an import from Cloud Storage reads
 * what looks like a number as one.
 */
export function referenceOf(customId: string): string {
  return `r${hashedReference(customId)}`;
}

const UNLETTERED = /^[0-9a-f]{32}$/;

/** The id of a row, also of a job from before ids began with a letter. */
export function lettered(reference: string): string {
  return UNLETTERED.test(reference) ? `r${reference}` : reference;
}

/** The submission key of a job of ours; undefined for any other job. */
export function keyOfLabels(
  labels: Readonly<Record<string, string>> | undefined,
): string | undefined {
  const key = labels?.[KEY_LABEL];
  return key !== undefined && isSubmissionKey(key) ? key : undefined;
}

const REFERENCE = /^r[0-9a-f]{32}$/;

/** The id in a row that is broken; undefined for a text that only stands where an id might. */
export function referenceFrom(text: string): string | undefined {
  const reference = lettered(text);
  return REFERENCE.test(reference) ? reference : undefined;
}

/** The folder of one submission in a bucket. */
export function folderOf(key: string): string {
  return `batch-handler/${key}/`;
}

export function inputObject(key: string): string {
  return `${folderOf(key)}input.jsonl`;
}

/** Each job creates a folder in it. */
export function outputFolder(key: string): string {
  return `${folderOf(key)}output/`;
}

/** The table of one submission, in the input dataset and in the output dataset. */
export function tableOf(key: string): string {
  return key.replaceAll('-', '_');
}

/** URLs of the services that a job needs. */
export interface Hosts {
  readonly aiplatform: string;
  readonly storage: string;
  readonly bigquery: string;
}

/** Locations of several regions, whose hosts have another form, as in Google's SDK. */
const MULTI_REGIONS: ReadonlySet<string> = new Set(['us', 'eu']);

/**
 * https://docs.cloud.google.com/vertex-ai/generative-ai/docs/learn/locations: each location has a
 * host of its own, and the global one has no prefix.
 *
 * @param baseUrl replaces all hosts
 */
export function hostsOf(location: string, baseUrl: string | undefined): Hosts {
  if (baseUrl !== undefined) {
    const host = baseUrl.replace(/\/+$/, '');
    return { aiplatform: host, storage: host, bigquery: host };
  }
  return {
    aiplatform: `https://${aiplatformHost(location)}`,
    storage: 'https://storage.googleapis.com',
    bigquery: 'https://bigquery.googleapis.com',
  };
}

function aiplatformHost(location: string): string {
  if (location === 'global') return 'aiplatform.googleapis.com';
  if (MULTI_REGIONS.has(location)) return `aiplatform.${location}.rep.googleapis.com`;
  return `${location}-aiplatform.googleapis.com`;
}
