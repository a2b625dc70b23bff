import * as z from 'zod';
import { checkExpiry } from '../openai/description.ts';
import { CHAT_COMPLETIONS, type Description, describeKind, RESPONSES } from '../provider.ts';
import { baseUrlSchema, commonSettings } from '../settings.ts';

const settings = z.strictObject({
  kind: z.literal('azure-openai'),
  ...commonSettings,
  /** The resource, such as https://name.openai.azure.com; a request's model is a deployment. */
  baseUrl: baseUrlSchema,
  /** Default: v1. */
  apiVersion: z.string().min(1).optional(),
  /** Entra ID instead of an API key: the secret is the application's client secret. */
  entraId: z.strictObject({ tenantId: z.string().min(1), clientId: z.string().min(1) }).optional(),
});
export type AzureSettings = z.infer<typeof settings>;

export const azureOpenAi = describeKind({
  name: 'Azure OpenAI',
  settings,
  minimalSettings: { kind: 'azure-openai', baseUrl: 'https://name.openai.azure.com' },
  limits: {
    // A resource keeps 500 input files without an expiry. Ours have one, and are deleted when
    // their job has ended.
    maxInFlight: 400,
    // The limit is set per deployment.
    maxEnqueuedTokens: 1_000_000_000,
    // https://learn.microsoft.com/azure/ai-foundry/openai/how-to/batch
    maxRequests: 100_000,
    maxBytes: 200 * 1000 * 1000,
  },
  // https://learn.microsoft.com/azure/foundry/openai/how-to/batch: jobs that take longer than 24
  // hours go on until they are cancelled.
  timing: { progressHours: 24 },
  // https://learn.microsoft.com/azure/foundry/openai/how-to/batch: 50 % less than global standard.
  batchDiscount: 0.5,
  priceList: 'azure',
  describe: async (settings) => describeAzure(settings),
});

// https://learn.microsoft.com/azure/foundry/openai/how-to/batch: 14 to 30 days
const EXPIRY_SECONDS = { min: 1_209_600, max: 2_592_000 };

export function describeAzure({ apiVersion }: Pick<AzureSettings, 'apiVersion'>): Description {
  return {
    // The same page: no embeddings, and responses with the v1 API only.
    endpoints: [CHAT_COMPLETIONS, ...(isV1(apiVersion) ? [RESPONSES] : [])],
    checkOptions: (options) => checkExpiry('Azure OpenAI', options, EXPIRY_SECONDS),
  };
}

/** The API whose paths have no date, and the one that this version was tested with. */
const DEFAULT_VERSION = 'v1';

export interface AzureApi {
  /** Base of the SDK's paths. */
  readonly baseUrl: string;
  readonly version: string;
  /** Whether it is the v1 API, whose requests name endpoints as OpenAI's do. */
  readonly isV1: boolean;
  /** Whether it is a preview, which may know newer fields. */
  readonly isPreview: boolean;
}

/** Whether an API version is the v1 API or its preview, and not one with a date. */
export function isV1(version = DEFAULT_VERSION): boolean {
  return !/^\d{4}-\d{2}-\d{2}/.test(version);
}

/**
 * Where a resource has its API: https://learn.microsoft.com/azure/foundry/openai/api-version-lifecycle
 *
 * @param resource such as https://name.openai.azure.com, with or without the paths below it
 */
export function azureApi(resource: string, version = DEFAULT_VERSION): AzureApi {
  const base = resource.replace(/\/+$/, '').replace(/\/openai(\/v1)?$/, '');
  const isPreview = version.endsWith('preview');
  return isV1(version)
    ? { baseUrl: `${base}/openai/v1`, version, isV1: true, isPreview }
    : { baseUrl: `${base}/openai`, version, isV1: false, isPreview };
}
