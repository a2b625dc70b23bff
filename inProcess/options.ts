import * as z from 'zod';
import type { StateChange } from '../shared/batch/contracts.ts';
import { type Policy, policySchema } from '../shared/batch/policy.ts';
import type { Log, Metrics } from '../shared/batch/ports.ts';
import { invalidText } from '../shared/invalid/text.ts';
import type { DeliveredBatch } from '../shared/processor/deliveredBatch.ts';
import {
  type ProviderSettings,
  type ProviderSettingsInput,
  providerSettingsSchema,
} from '../shared/providers/kinds.ts';
import { baseUrlProblem, isFilled, shownBaseUrl } from '../shared/providers/settings.ts';
import { type PolicySettings, settingsSchema } from '../shared/settings.ts';

/** The key that an entry's provider is called with; for Vertex AI the JSON of a service account. */
export type ApiKey = string | (() => string | Promise<string>);

type WithKey<Settings> = Settings extends { kind: 'bedrock' }
  ? never
  : Settings & {
      /**
       * A function is called at the first use of the entry, and again after the provider has refused its
       * key. It has 30 seconds. Left out only where AWS credentials take its place: `aws` of Anthropic, `workloadIdentity` of
       * Vertex AI.
       */
      readonly apiKey?: ApiKey;
    };

/** A provider entry: the settings of its kind, as in the construct, and its key. */
export type InProcessProvider = WithKey<ProviderSettingsInput>;

/** What `process` is told beside the batch. */
export interface ProcessContext {
  /** Aborted when `processTimeoutSeconds` have passed: the delivery has failed then, and is repeated. */
  readonly signal: AbortSignal;
}

export interface BatchHandlerOptions {
  /** Provider entries by name. The first is the default of batches that name none. */
  readonly providers: Readonly<Record<string, InProcessProvider>>;
  /** Where everything is kept. It is made if it does not exist. Several processes may use it together. */
  readonly directory: string;
  /**
   * Processes a batch that has ended with results. If it throws, the batch is delivered again later, up to
   * `policy.maxDeliveries` times. It runs once for each `batch.deliveryId`, unless its process is killed
   * while it runs: what it writes should still be idempotent.
   */
  process(batch: DeliveredBatch, context: ProcessContext): Promise<void>;
  /** Settings of the lifecycle, each with the default of the construct's `policy`. */
  readonly policy?: Omit<PolicySettings, 'processorTimeoutSeconds'>;
  /** Batches whose files are moved at the same time, and deliveries at the same time. Default: 4 */
  readonly concurrency?: number;
  /** Between two looks at jobs and waiting batches. Default: 10 */
  readonly sweepSeconds?: number;
  /** How long `process` may take, at most six hours. After that time it has failed. Default: 900 */
  readonly processTimeoutSeconds?: number;
  /**
   * Called with each change of a batch's state, at least once. The end of a batch is told again until this
   * succeeds, within 30 seconds.
   */
  onEvent?(change: StateChange): void | Promise<void>;
  /** Default: warnings and errors on stderr, a line each. It is never given prompts or keys. */
  readonly log?: Log;
  /** Default: none. The names and units are those of docs/metrics.md. */
  readonly metrics?: Metrics;
}

/** Options that were checked, with their defaults. */
export interface CheckedOptions
  extends Pick<BatchHandlerOptions, 'directory' | 'process' | 'onEvent' | 'log' | 'metrics'> {
  readonly providers: Readonly<Record<string, ProviderSettings>>;
  readonly keys: ReadonlyMap<string, ApiKey>;
  readonly policy: Policy;
  readonly concurrency: number;
  readonly sweepSeconds: number;
  readonly processTimeoutSeconds: number;
}

const HOUR = 60 * 60;

const isFunction = (value: unknown): boolean => typeof value === 'function';
const functionSchema = z.custom<never>(isFunction, 'must be a function');

const optionsSchema = z.strictObject({
  providers: z
    .record(z.string(), z.looseObject({ kind: z.string() }))
    .refine((entries) => Object.keys(entries).length > 0, 'must have at least one provider'),
  directory: z.string().min(1),
  process: functionSchema,
  policy: z.record(z.string(), z.unknown()).default({}),
  concurrency: z.int().min(1).max(100).default(4),
  sweepSeconds: z.number().positive().max(HOUR).default(10),
  processTimeoutSeconds: z
    .number()
    .positive()
    .max(6 * HOUR)
    .default(15 * 60),
  onEvent: functionSchema.optional(),
  log: z
    .looseObject({ info: functionSchema, warn: functionSchema, error: functionSchema })
    .optional(),
  metrics: z.looseObject({ count: functionSchema, measure: functionSchema }).optional(),
});

/**
 * Messages for the processor are kept until somebody takes them: that may last while `process` is busy with
 * other batches, and says nothing about them.
 */
const INVOCATION_AGE_SECONDS = 6 * HOUR;

/** @throws TypeError naming each option that is wrong, its value and what is allowed */
export function checkOptions(options: BatchHandlerOptions): CheckedOptions {
  const parsed = optionsSchema.safeParse(options);
  if (!parsed.success)
    throw wrong(invalidText(parsed.error, { input: options, schema: optionsSchema }));
  const { concurrency, sweepSeconds, processTimeoutSeconds, policy } = parsed.data;
  if ('processorTimeoutSeconds' in policy)
    throw wrong('policy.processorTimeoutSeconds: set processTimeoutSeconds instead, beside policy');

  const keys = new Map<string, ApiKey>();
  const entries: Record<string, unknown> = {};
  for (const [name, { apiKey, ...settings }] of Object.entries(parsed.data.providers)) {
    checkKind(name, settings);
    const key = checkKey(name, settings, apiKey);
    if (key !== undefined) keys.set(name, key);
    entries[name] = settings;
  }
  const input = { providers: entries, policy };
  const settings = settingsSchema.safeParse(input);
  if (!settings.success)
    throw wrong(invalidText(settings.error, { input, schema: settingsSchema }));
  for (const [name, { baseUrl }] of Object.entries(settings.data.providers)) {
    const problem = baseUrl === undefined ? undefined : baseUrlProblem(baseUrl);
    if (baseUrl !== undefined && problem !== undefined)
      throw wrong(`providers.${name}.baseUrl is ${shownBaseUrl(baseUrl)}: ${problem}`);
  }
  return {
    ...options,
    ...{ keys, concurrency, sweepSeconds, processTimeoutSeconds },
    providers: settings.data.providers,
    policy: {
      ...policySchema.parse({
        invocationAgeSeconds: INVOCATION_AGE_SECONDS,
        ...settings.data.policy,
      }),
      processorTimeoutSeconds: processTimeoutSeconds,
    },
  };
}

function checkKind(name: string, { kind }: { readonly kind: string }): void {
  if (kind === 'bedrock')
    throw wrong(
      `providers.${name}: Bedrock reads and writes S3 under a role of AWS, which one process does not have: deploy the BatchHandler construct for it, or use the Anthropic API`,
    );
  const kinds = providerSettingsSchema.options
    .map(({ shape }) => shape.kind.value)
    .filter((each) => each !== 'bedrock');
  if (!kinds.some((each) => each === kind))
    throw wrong(
      `providers.${name}.kind is ${JSON.stringify(kind.slice(0, 100))}: use one of ${kinds.join(', ')}`,
    );
}

function checkKey(name: string, settings: object, apiKey: unknown): ApiKey | undefined {
  const place = `providers.${name}.apiKey`;
  const byAws = ['aws', 'workloadIdentity'].find((field) => field in settings);
  if (byAws !== undefined) {
    if (apiKey === undefined) return undefined;
    throw wrong(`${place}: leave it out, or ${byAws}, which replaces it by AWS credentials`);
  }
  if (typeof apiKey === 'string' && isFilled(apiKey)) return apiKey;
  if (typeof apiKey === 'function') return apiKey as ApiKey;
  throw wrong(
    `${place} is ${apiKey === undefined ? 'missing' : 'no key'}: give the key as a text, such as process.env.OPENAI_API_KEY, or a function that returns it`,
  );
}

function wrong(text: string): TypeError {
  return new TypeError(`createBatchHandler: ${text}`);
}
