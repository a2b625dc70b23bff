import * as z from 'zod';
import type { Format } from '../../batch/messages.ts';
import {
  CHAT_COMPLETIONS,
  type Description,
  describeKind,
  EMBEDDINGS,
  type FileCheck,
  RESPONSES,
} from '../provider.ts';
import { baseUrlSchema, commonSettings, refuseOptions } from '../settings.ts';

const settings = z.strictObject({
  kind: z.literal('vertex-ai'),
  ...commonSettings,
  project: z.string().min(1),
  /** Such as us-central1, or global. */
  location: z.string().min(1),
  /** Where jobs read their input and write their output. */
  store: z.discriminatedUnion('type', [
    z.strictObject({ type: z.literal('gcs'), bucket: z.string().min(1) }),
    z.strictObject({
      type: z.literal('bigquery'),
      /** Datasets of the project. */
      inputDataset: z.string().min(1),
      outputDataset: z.string().min(1),
    }),
  ]),
  /**
   * Google trusts the functions' AWS roles, and there is no secret. Default: the secret is the
   * key of a service account, as JSON.
   */
  workloadIdentity: z
    .strictObject({
      /** //iam.googleapis.com/projects/…/locations/global/workloadIdentityPools/…/providers/… */
      audience: z.string().min(1),
      /** E-mail of the service account to act as. Default: the pool's principal itself. */
      serviceAccount: z.string().min(1).optional(),
    })
    .optional(),
  /** Replaces all of Google's hosts, for the local run and gateways. */
  baseUrl: baseUrlSchema.optional(),
});
export type VertexSettings = z.infer<typeof settings>;

export const vertexAi = describeKind({
  name: 'Vertex AI',
  settings,
  minimalSettings: {
    kind: 'vertex-ai',
    project: 'project',
    location: 'us-central1',
    store: { type: 'gcs', bucket: 'bucket' },
  },
  limits: {
    maxInFlight: 100,
    maxEnqueuedTokens: 1_000_000_000,
    // https://cloud.google.com/vertex-ai/generative-ai/docs/multimodal/batch-prediction-gemini
    maxRequests: 200_000,
    maxBytes: 950 * 1000 * 1000,
  },
  // https://cloud.google.com/vertex-ai/generative-ai/docs/multimodal/batch-prediction-gemini: a job is
  // queued for up to 72 hours, and expires 24 hours after it began.
  timing: { completionHours: 96, progressHours: 24 },
  // https://cloud.google.com/vertex-ai/generative-ai/docs/multimodal/batch-prediction-gemini: 50 %.
  batchDiscount: 0.5,
  priceList: 'google',
  // https://docs.cloud.google.com/vertex-ai/generative-ai/docs/multimodal/batch-prediction-gemini: the
  // discount of the cache takes the place of that for batches.
  isCacheDiscounted: false,
  describe: describeVertex,
});

export async function describeVertex(settings: VertexSettings): Promise<Description> {
  const { routeOf } = await import('./requests.ts');
  const { referenceOf } = await import('./api.ts');
  const { ImportedFile } = await import('./gcsImport.ts');
  const checkFile = (format: Format): FileCheck => {
    const file = new ImportedFile();
    return ({ customId, url: endpoint, model, body }, line) => {
      const route = routeOf(settings, { endpoint, model, format });
      const { request = {} } = route.line(body, referenceOf(customId));
      if (route.isImported) file.add(request, line);
    };
  };
  return {
    endpoints: [CHAT_COMPLETIONS, RESPONSES, EMBEDDINGS],
    checkOptions: (options) => refuseOptions('Vertex AI', options),
    // A job may be of one request.
    checkRequest: (request, format) => checkFile(format)(request, 1),
    checkFile,
  };
}
