import * as z from 'zod';
import { classifierOf } from '../google/errors.ts';

/**
 * The parts of Google's answers that are acted on. They are checked: a gateway's page must not
 * pass for an empty listing, which would be taken as proof that a job does not exist.
 */
const jobName = z
  .string()
  .regex(/^projects\/[^/]+\/locations\/[^/]+\/batchPredictionJobs\/[^/?#]+$/);
export const createdSchema = z.object({ name: jobName });

/** RFC 3339, as milliseconds since 1970. */
const time = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));
/** int64, which JSON has as a string. -1: not known. */
const count = z.coerce.number().catch(0);

/** https://docs.cloud.google.com/vertex-ai/docs/reference/rest/v1/projects.locations.batchPredictionJobs */
export const wireJobSchema = z.object({
  name: jobName,
  state: z.string(),
  createTime: time,
  labels: z.record(z.string(), z.string()).optional(),
  error: z.object({ code: z.number().optional(), message: z.string().optional() }).nullish(),
  completionStats: z
    .object({ successfulCount: count.optional(), failedCount: count.optional() })
    .nullish(),
  inputConfig: z.object({
    gcsSource: z.object({ uris: z.array(z.string()) }).optional(),
    bigquerySource: z.object({ inputUri: z.string() }).optional(),
  }),
  outputConfig: z.object({
    gcsDestination: z.object({ outputUriPrefix: z.string() }).optional(),
    bigqueryDestination: z.object({ outputUri: z.string() }).optional(),
  }),
});
export type WireJob = z.infer<typeof wireJobSchema>;

const listedSchema = wireJobSchema.pick({ name: true, createTime: true, labels: true });
export const jobPageSchema = z
  .looseObject({
    batchPredictionJobs: z.array(listedSchema).optional(),
    nextPageToken: z.string().optional(),
  })
  // An empty listing is `{}`; anything else without a list is none.
  .refine((page) => page.batchPredictionJobs !== undefined || Object.keys(page).length === 0);

/** The label by which a job is found again: its value is the submission key. */
export const KEY_LABEL = 'batch_handler_key';
/** The label of a request to Gemini in Cloud Storage: what stands for its `custom_id`. */
export const REFERENCE_LABEL = 'batch_handler_request';

/** A key of this project: nothing else names objects and tables of ours. */
const KEY = /^bh[a-z0-9]{16}-[1-9][0-9]*$/;

/** The submission key of a job of ours. */
export function keyOf(labels: Readonly<Record<string, string>> | undefined): string | undefined {
  const key = labels?.[KEY_LABEL];
  return key !== undefined && isKey(key) ? key : undefined;
}

export function isKey(text: string): boolean {
  return KEY.test(text);
}

/** Everything of one submission in a bucket. */
export function folderOf(key: string): string {
  return `batch-handler/${key}/`;
}

export function inputObject(key: string): string {
  return `${folderOf(key)}input.jsonl`;
}

/** Jobs make a folder of their own in it. */
export function outputFolder(key: string): string {
  return `${folderOf(key)}output/`;
}

/** The table of one submission, in the input dataset as in the output dataset. */
export function tableOf(key: string): string {
  return key.replaceAll('-', '_');
}

/** Origins of the services that a job needs. */
export interface Hosts {
  readonly aiplatform: string;
  readonly storage: string;
  readonly bigquery: string;
}

/** Locations of several regions, which have hosts of their own, as Google's SDK knows them. */
const MULTI_REGIONS: ReadonlySet<string> = new Set(['us', 'eu']);

/**
 * https://docs.cloud.google.com/vertex-ai/generative-ai/docs/learn/locations: each location has a
 * host of its own, the global one has none in front.
 *
 * @param baseUrl takes the place of all of them
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

/** What a failed call means. */
export const classify = classifierOf('Vertex AI', {
  // "(or it may not exist)" does not count: a role without the permission is told so, too.
  when: ({ status }) => status === 404,
  // The bucket or the dataset that the settings name is not there: no batch can get on.
  upload: 'account',
  create: 'permanent',
  read: 'missing',
});
