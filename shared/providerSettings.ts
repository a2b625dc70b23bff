import * as z from 'zod';
import { moneySchema, priceSchema } from './batch/cost.ts';
import { limitsSchema } from './quota/admission.ts';

/** What every entry of `providers` may say. */
const common = {
  /** What differs from the provider's published limits. */
  limits: limitsSchema.partial().default({}),
  /**
   * The provider's name for a request's model, by the name that requests use; `*` stands for every
   * name that is not in the map. Default: the request's own name.
   */
  models: z.record(z.string().min(1), z.string().min(1)).default({}),
  /**
   * Fields of requests that are left out where this provider cannot express them, such as `seed`.
   * Any other such field is refused at inspection.
   */
  dropFields: z.array(z.string().min(1)).default([]),
  /**
   * The provider's list prices, in USD per million tokens, by the name that requests use for a
   * model, else by the provider's own; `*` stands for every other model. Without a price, what a
   * batch costs is unknown.
   */
  prices: z.record(z.string().min(1), priceSchema).optional(),
  /** What batches get off the list prices, from 0 to 1. Default 0.5. */
  batchDiscount: z.number().min(0).max(1).optional(),
  /** USD in a UTC day: what would go over it waits for the next day. Default: no bound. */
  dailyBudget: moneySchema.optional(),
};

/** https, or http on the loopback. */
const baseUrl = z.url();

const openAi = z.strictObject({
  kind: z.literal('openai'),
  ...common,
  /** Default: OpenAI's public endpoint. */
  baseUrl: baseUrl.optional(),
});

/** A service that speaks OpenAI's Batch and Files APIs. */
const openAiCompatible = z.strictObject({
  kind: z.literal('openai-compatible'),
  ...common,
  /** Ends in the version, such as `/v1`. */
  baseUrl,
});

const azureOpenAi = z.strictObject({
  kind: z.literal('azure-openai'),
  ...common,
  /** The resource, such as https://name.openai.azure.com; a request's model is a deployment. */
  baseUrl,
  /** Default: the one this version was tested with. */
  apiVersion: z.string().min(1).optional(),
  /** Entra ID instead of an API key: the secret is the application's client secret. */
  entraId: z.strictObject({ tenantId: z.string().min(1), clientId: z.string().min(1) }).optional(),
});

const anthropic = z.strictObject({
  kind: z.literal('anthropic'),
  ...common,
  /** Default: Anthropic's public endpoint. */
  baseUrl: baseUrl.optional(),
});

const vertexAi = z.strictObject({
  kind: z.literal('vertex-ai'),
  ...common,
  project: z.string().min(1),
  /** Such as us-central1, or global. */
  location: z.string().min(1),
  /** Where jobs read from and write to. */
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
   * Google trusts the functions' AWS roles, and there is no secret. Default: the secret is the key
   * of a service account, as JSON.
   */
  workloadIdentity: z
    .strictObject({
      /** //iam.googleapis.com/projects/…/locations/global/workloadIdentityPools/…/providers/… */
      audience: z.string().min(1),
      /** E-mail of the service account to act as. Default: the pool's principal itself. */
      serviceAccount: z.string().min(1).optional(),
    })
    .optional(),
  /** Local run and gateways: takes the place of all of Google's hosts. */
  baseUrl: baseUrl.optional(),
});

/** Jobs run on the handler's own bucket, under a role of their own; there is no secret. */
const bedrock = z.strictObject({
  kind: z.literal('bedrock'),
  ...common,
  /** Default: the functions' region. */
  region: z.string().min(1).optional(),
  /** Default: the region's public endpoint. */
  baseUrl: baseUrl.optional(),
});

const gemini = z.strictObject({
  kind: z.literal('gemini'),
  ...common,
  /** Default: Google's public endpoint. */
  baseUrl: baseUrl.optional(),
});

/** One entry of `providers`: what a message's `provider` may name. */
export const providerSettingsSchema = z.discriminatedUnion('kind', [
  openAi,
  openAiCompatible,
  azureOpenAi,
  anthropic,
  vertexAi,
  bedrock,
  gemini,
]);
export type ProviderSettings = z.infer<typeof providerSettingsSchema>;
export type ProviderKind = ProviderSettings['kind'];
export type SettingsOf<K extends ProviderKind> = Extract<ProviderSettings, { kind: K }>;
/** The same with what has a default left out. */
export type ProviderSettingsInput = z.input<typeof providerSettingsSchema>;

/** The provider's name for a model, by the entry's `models`; `*` stands for all that is not named. */
export function modelAt(models: Readonly<Record<string, string>>, model: string): string {
  const named = Object.hasOwn(models, model) ? models[model] : models['*'];
  return named ?? model;
}

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/**
 * Says why a base URL must not be used: over plain http, the key in every request would travel in the
 * clear. Simulators on the same machine may use http.
 *
 * @returns undefined if it may be used
 */
export function baseUrlProblem(baseUrl: string): string | undefined {
  const url = URL.parse(baseUrl);
  if (url?.protocol === 'https:') return undefined;
  if (url?.protocol === 'http:' && LOOPBACK.test(url.hostname)) return undefined;
  return 'it must be an https URL, since the key travels with every request, or http on localhost';
}
