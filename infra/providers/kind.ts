import { Token } from 'aws-cdk-lib';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import * as z from 'zod';
import type {
  ProviderKind,
  ProviderSettingsInput,
  SettingsOf,
} from '../../shared/providers/kinds.ts';
import { baseUrlProblem, shownBaseUrl } from '../../shared/providers/settings.ts';
import { ConfigurationError } from '../configurationError.ts';
import type { AnySecret } from '../resources/secrets.ts';
import type { AccessGrant } from './access.ts';

/** Options of every provider. */
export interface CommonOptions {
  /**
   * How much the entry may have at the provider at once, and how large one input file may be.
   *
   * @default - the provider's published limits
   */
  readonly limits?: SettingsOf<'openai'>['limits'];
  /**
   * How long jobs may take. The handler cancels one that takes longer, and runs the rest of it again.
   *
   * @default - what the provider documents
   */
  readonly timing?: SettingsOf<'openai'>['timing'];
  /**
   * Maps the model names of requests to the provider's model names. The key `*` matches every name
   * that the map does not contain.
   *
   * @default - requests use the provider's model names
   */
  readonly models?: Readonly<Record<string, string>>;
  /**
   * Fields of requests to drop if the provider does not support them, such as `seed`.
   *
   * @default - a request with an unsupported field is refused with an error that names the field
   */
  readonly dropFields?: readonly string[];
  /**
   * What a model takes, where it differs from what the handler knows, such as
   * `{ 'claude-opus-6': { reasoningEfforts: ['low', 'high'] } }`. The keys are the provider's model
   * names or those of requests. The key `*` matches every other model.
   *
   * @default - the handler's own table of models
   */
  readonly modelFacts?: SettingsOf<'openai'>['modelFacts'];
  /**
   * The provider's list prices in USD per million tokens, by the model name of requests or by the
   * provider's. The key `*` matches every other model. `'builtin'` in place of a price or of the
   * table is the list price that comes with the handler.
   *
   * @default - the cost of batches is unknown
   */
  readonly prices?: SettingsOf<'openai'>['prices'];
  /**
   * The discount of batches on the list prices, from 0 to 1.
   *
   * @default - 0.5; 0 where it differs by service or model: OpenAI-compatible, xAI, Together
   */
  readonly batchDiscount?: number;
  /**
   * Budget in USD per UTC day. Batches that would exceed it wait for the next day.
   *
   * @default - unlimited
   */
  readonly dailyBudget?: NonNullable<SettingsOf<'openai'>['dailyBudget']>;
}

/** Options of a provider whose API takes a key. */
export interface KeyOptions extends CommonOptions {
  /**
   * The secret that holds the API key, as plain text.
   *
   * @default - a secret is created; put the key in with `batch-handler key`
   */
  readonly secret?: AnySecret;
  /**
   * Base URL of the API. Must be https, or http on localhost.
   *
   * @default - the provider's public endpoint
   */
  readonly baseUrl?: string;
}

/** What a factory of `LlmProvider` returns for its options. */
export interface ProviderDefinition {
  /** What ships beside the code. Holds no secret. */
  readonly settings: ProviderSettingsInput;
  readonly access: AccessGrant;
  /** Whether the provider sends webhooks when jobs end. */
  readonly webhook: boolean;
}

export const API_KEY = 'API key';

/** @throws ConfigurationError for a base URL over which a key would travel in the clear */
export function defineProvider(
  { models = {}, dropFields = [], ...settings }: ReadonlySettings,
  access: AccessGrant,
  webhook = false,
): ProviderDefinition {
  const { baseUrl } = settings;
  // A token is refused with the other settings, where the error can name the entry.
  if (baseUrl !== undefined && !Token.isUnresolved(baseUrl)) {
    const problem = baseUrlProblem(baseUrl);
    if (problem) throw new ConfigurationError(`baseUrl is ${shownBaseUrl(baseUrl)}: ${problem}`);
  }
  const copies = { models: { ...models }, dropFields: [...dropFields] };
  return { settings: { ...settings, ...copies }, access, webhook };
}

/** The settings with the read-only collections that options have. */
type ReadonlySettings = {
  [K in ProviderKind]: Omit<Extract<ProviderSettingsInput, { kind: K }>, 'models' | 'dropFields'> &
    Pick<CommonOptions, 'models' | 'dropFields'>;
}[ProviderKind];

/** How an entry of cdk.json defines a provider of one kind. */
export interface ContextKind<Schema extends z.ZodType = z.ZodType> {
  readonly schema: Schema;
  /**
   * @param scope where resources are imported that the entry names
   * @param name the name of the entry
   * @throws ConfigurationError as the factory of the kind does
   */
  define(scope: Construct, name: string, entry: z.infer<Schema>): ProviderDefinition;
}

/** Infers the type of an entry from its schema. */
export function contextKind<Schema extends z.ZodType>(
  kind: ContextKind<Schema>,
): ContextKind<Schema> {
  return kind;
}

export const ROLE_ARN = /^arn:[\w-]+:iam::\d{12}:role\/[\w+=,.@/-]+$/;
const SECRET_ARN = /^arn:[\w-]+:secretsmanager:[a-z0-9-]+:\d{12}:secret:.+-[A-Za-z0-9]{6}$/;

/** The key of cdk.json that has a provider report the end of jobs. */
export const webhookShape = {
  /** Default: false. */
  webhook: z.boolean().optional(),
};

/** The key of cdk.json that names an entry's secret. */
export const secretArnShape = {
  /** Default: a secret is created. */
  secretArn: z
    .string()
    .regex(SECRET_ARN, 'must be the whole ARN of a secret, with the six characters at its end')
    .optional(),
};

export function importSecret(
  scope: Construct,
  entry: string,
  arn: string | undefined,
): AnySecret | undefined {
  if (arn === undefined) return undefined;
  return secretsmanager.Secret.fromSecretCompleteArn(scope, `Key-${entry}`, arn);
}
