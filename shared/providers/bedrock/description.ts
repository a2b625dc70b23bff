import * as z from 'zod';
import { refusal } from '../../batch/errors.ts';
import { timingSchema } from '../../batch/job.ts';
import {
  CHAT_COMPLETIONS,
  type Description,
  describeKind,
  EMBEDDINGS,
  RESPONSES,
} from '../provider.ts';
import { baseUrlSchema, commonSettings } from '../settings.ts';
import type { BedrockJobOptions } from './requests.ts';

/** Jobs run on the handler's own bucket, under a role of their own; there is no secret. */
const settings = z.strictObject({
  kind: z.literal('bedrock'),
  ...commonSettings,
  /** `completionHours` is also the time after which Bedrock ends a job. */
  timing: timingSchema
    .extend({ completionHours: z.number().int().min(24).max(168).optional() })
    .optional(),
  /**
   * Sends tools, JSON schemas and `cache_control` although AWS's documentation of batch inference
   * does not say that the model takes them there. Default: they are refused.
   */
  allowUnsupported: z.boolean().optional(),
  /**
   * The fewest records of a job, a quota of each model and region. A smaller job is filled up.
   * Default: 100.
   */
  minRecords: z.int().min(1).optional(),
  /** Default: the functions' region. */
  region: z.string().min(1).optional(),
  /** Default: the region's public endpoint. */
  baseUrl: baseUrlSchema.optional(),
});
export type BedrockSettings = z.infer<typeof settings>;

export const bedrock = describeKind({
  name: 'Bedrock',
  settings,
  minimalSettings: { kind: 'bedrock', region: 'us-east-1' },
  limits: {
    // Sources disagree, 10 or 100: this is the smaller, until Service Quotas or the settings say more.
    maxInFlight: 10,
    maxEnqueuedTokens: 1_000_000_000,
    maxRequests: 50_000,
    maxBytes: 950 * 1000 * 1000,
  },
  // https://docs.aws.amazon.com/bedrock/latest/APIReference/API_CreateModelInvocationJob.html: a job
  // times out after 24 to 168 hours. Without a setting, Bedrock decides when.
  timing: { completionHours: 168, progressHours: 24 },
  // https://aws.amazon.com/bedrock/pricing: 50 % of the on-demand price.
  batchDiscount: 0.5,
  priceList: 'aws',
  describe: describeBedrock,
});

export async function describeBedrock(settings: BedrockSettings): Promise<Description> {
  const [{ routeOf }, { minRecordsOf, PADDING_TOKENS }] = await Promise.all([
    import('./requests.ts'),
    import('./padding.ts'),
  ]);
  return {
    endpoints: [CHAT_COMPLETIONS, RESPONSES, EMBEDDINGS],
    padding: { minRequests: minRecordsOf(settings), ...PADDING_TOKENS },
    checkOptions,
    checkRequest({ url: endpoint, model, body }, format) {
      // Options change what native requests mean, not whether they can be sent.
      routeOf(settings, { endpoint, model, format, options: {} }).modelInput(body);
    },
  };
}

const INVOCATION_TYPES: readonly unknown[] = [
  'InvokeModel',
  'Converse',
] satisfies BedrockJobOptions['modelInvocationType'][];

function checkOptions(options: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(options)) {
    if (name === 'modelInvocationType' && INVOCATION_TYPES.includes(value)) continue;
    const found = JSON.stringify(value).slice(0, 100);
    const allowed = `modelInvocationType, one of ${INVOCATION_TYPES.join(' and ')}`;
    throw refusal(
      'option_refused',
      `options.${name} is ${found}: Bedrock jobs take only ${allowed}`,
    );
  }
}
