import type { RemovalPolicy } from 'aws-cdk-lib';
import type * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { ENVIRONMENT } from '../../shared/config.ts';
import {
  type AnySecret,
  allowSecret,
  createSecret,
  EntryIds,
  secretIdOf,
} from '../resources/secrets.ts';

/** What a provider entry was granted. */
export interface GrantResult {
  /** The secret that the functions read. */
  readonly secret?: AnySecret;
  /** What to put into the secret, such as `API key`. */
  readonly credential?: string;
  /** The role that the provider assumes for jobs. */
  readonly jobRole?: iam.IRole;
}

/** Lets the functions of a handler call one provider: permissions and environment variables together. */
export interface AccessGrant {
  /**
   * @param scope where resources are created that the options do not give
   * @param entry the name of the provider's entry
   */
  grant(scope: Construct, entry: string, context: BindContext): GrantResult;
}

/** The parts of a handler that a provider may use. */
export interface BindContext {
  /** Starts jobs and reads their output. */
  readonly worker: CallerFunction;
  /** Checks, lists and cancels jobs. */
  readonly sweeper: CallerFunction;
  /** Checks a job when the provider reports that it has ended. Undefined if the entry takes no webhooks. */
  readonly listener: CallerFunction | undefined;
  /** Undefined if a user's code replaces it. */
  readonly bucket: s3.IBucket | undefined;
  /** The prefix of the files that a provider reads and writes in the bucket. */
  readonly providerFiles: string;
  readonly removalPolicy: RemovalPolicy;
  /** Encrypts the secrets that are created. */
  readonly encryptionKey: kms.IKey | undefined;
  /** Whether a user's code reads the credentials of entries without a secret of theirs. */
  readonly areSecretsReplaced: boolean;
}

/** A function that calls providers, with its environment variables of secrets and roles. */
class CallerFunction {
  readonly function: lambda.Function;
  readonly secrets: EntryIds;
  readonly jobRoles: EntryIds;

  constructor(caller: lambda.Function) {
    this.function = caller;
    this.secrets = new EntryIds(caller, ENVIRONMENT.secrets);
    this.jobRoles = new EntryIds(caller, ENVIRONMENT.jobRoles);
  }
}

interface BindableProvider {
  /** Whether the provider sends webhooks. */
  readonly webhook: boolean;
  bind(scope: Construct, entry: string, context: BindContext): GrantResult;
}

interface ProviderFunctions {
  readonly worker: lambda.Function;
  readonly sweeper: lambda.Function;
  /** Receives webhooks. Undefined if no entry takes any. */
  readonly webhook: lambda.Function | undefined;
}

/** Binds every entry to the worker and the sweeper, and an entry with webhooks to their receiver. */
export function bindProviders(
  scope: Construct,
  providers: Readonly<Record<string, BindableProvider>>,
  functions: ProviderFunctions,
  others: Omit<BindContext, 'worker' | 'sweeper' | 'listener'>,
): Readonly<Record<string, GrantResult>> {
  const worker = new CallerFunction(functions.worker);
  const sweeper = new CallerFunction(functions.sweeper);
  const webhook = functions.webhook && new CallerFunction(functions.webhook);
  const results = Object.entries(providers).map(([name, provider]) => {
    const listener = provider.webhook ? webhook : undefined;
    return [name, provider.bind(scope, name, { ...others, worker, sweeper, listener })] as const;
  });
  return Object.fromEntries(results);
}

/** For a provider that trusts the functions' own roles. */
export const NO_ACCESS: AccessGrant = { grant: () => ({}) };

/**
 * Access by a secret that the functions read.
 *
 * @param given the secret to use; by default one is created, unless a user's code has the credentials
 * @param credential what the secret holds, such as `API key`
 */
export function secretAccess(given: AnySecret | undefined, credential: string): AccessGrant {
  return {
    grant(scope, entry, { worker, sweeper, listener, removalPolicy, encryptionKey, ...context }) {
      const created =
        given || context.areSecretsReplaced
          ? undefined
          : createSecret(scope, `Secret-${entry}`, {
              description: `The ${credential} of the provider ${entry}, as plain text`,
              removalPolicy,
              encryptionKey,
              noRotationReason:
                'The key is created and revoked at the provider, which has no API to rotate it.',
            });
      const secret = given ?? created;
      if (secret === undefined) return {};
      for (const caller of [sweeper, worker, ...(listener ? [listener] : [])]) {
        if (created) allowSecret(caller.function, created);
        else secret.grantRead(caller.function);
        caller.secrets.add(entry, secretIdOf(secret, caller.function));
      }
      return { secret, credential };
    },
  };
}
