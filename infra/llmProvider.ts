import { type RemovalPolicy, SecretValue, Token } from 'aws-cdk-lib';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { type ProviderSettings, SECRET_PLACEHOLDER } from '../shared/config.ts';
import { acknowledge } from './acknowledgements.ts';
import { ConfigurationError } from './configurationError.ts';
import type { AnySecret, SecretReader } from './secretReader.ts';

/** An entry of `providers` that speaks OpenAI's Batch API. */
export interface OpenAiOptions {
  /**
   * The secret that holds the API key, as plain text.
   *
   * @default - one is created; put the key in with `aws secretsmanager put-secret-value`
   */
  readonly secret?: AnySecret;
  /**
   * Where the API is: https, or http on the machine itself.
   *
   * @default - OpenAI's own
   */
  readonly baseUrl?: string;
  /**
   * What the entry may hold at the provider at once, and what one of its files may hold.
   *
   * @default - the provider's published limits
   */
  readonly limits?: ProviderSettings['limits'];
}

/** A provider of batch jobs: what a message's `provider` may name. */
export class LlmProvider {
  /** OpenAI, or what speaks its Batch API. */
  static openAi({ secret, baseUrl, limits = {} }: OpenAiOptions = {}): LlmProvider {
    if (baseUrl !== undefined) checkBaseUrl(baseUrl);
    const settings = { kind: 'openai' as const, limits };
    return new LlmProvider(baseUrl === undefined ? settings : { ...settings, baseUrl }, secret);
  }

  /** What ships beside the code: nothing secret. */
  readonly settings: ProviderSettings;
  readonly #secret: AnySecret | undefined;

  private constructor(settings: ProviderSettings, secret: AnySecret | undefined) {
    this.settings = settings;
    this.#secret = secret;
  }

  /**
   * Gives the functions that call the provider its secret: the permission and the name together.
   *
   * @param entry the name of the provider's entry
   * @returns the secret, created in `scope` unless one was given
   */
  bind(
    scope: Construct,
    entry: string,
    readers: readonly SecretReader[],
    removalPolicy: RemovalPolicy,
  ): AnySecret {
    const secret = this.#secret ?? createSecret(scope, entry, removalPolicy);
    for (const reader of readers) reader.add(entry, secret);
    return secret;
  }
}

function createSecret(scope: Construct, entry: string, removalPolicy: RemovalPolicy) {
  const secret = new secretsmanager.Secret(scope, `Secret-${entry}`, {
    description: `API key of the provider ${entry}, as plain text`,
    secretStringValue: SecretValue.unsafePlainText(SECRET_PLACEHOLDER),
    removalPolicy,
  });
  acknowledge(
    secret,
    'AwsSolutions-SMG4',
    'The key is made and revoked at the provider, whose API cannot rotate it for us.',
  );
  return secret;
}

function checkBaseUrl(baseUrl: string): void {
  // What is known only at deployment is refused with the other settings, where its entry has a name.
  if (Token.isUnresolved(baseUrl)) return;
  const url = URL.parse(baseUrl);
  const isLoopback = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(url?.hostname ?? '');
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback)) return;
  throw new ConfigurationError(
    `baseUrl is ${baseUrl}: it must be an https URL, since the API key travels with every request, or http on localhost`,
  );
}
