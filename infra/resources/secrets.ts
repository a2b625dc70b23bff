import { Lazy, type RemovalPolicy, SecretValue, Stack } from 'aws-cdk-lib';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { omitUndefined } from '../../shared/omitUndefined.ts';
import { SECRET_PLACEHOLDER } from '../../shared/providers/settings.ts';
import { acknowledge } from '../acknowledgements.ts';
import { allow } from './allow.ts';

/** Under `exactOptionalPropertyTypes` the class does not implement `ISecret`. */
export type AnySecret = secretsmanager.ISecret | secretsmanager.Secret;

interface SecretProps {
  readonly description: string;
  readonly removalPolicy: RemovalPolicy;
  /** The prop `encryptionKey`. Default: Secrets Manager's own key. */
  readonly encryptionKey: kms.IKey | undefined;
  /** Why the secret is not rotated automatically. */
  readonly noRotationReason: string;
}

/** Creates a secret with a random value that nobody needs to know. */
export function generateSecret(
  scope: Construct,
  id: string,
  { noRotationReason, encryptionKey, ...props }: SecretProps,
): secretsmanager.Secret {
  const secret = new secretsmanager.Secret(scope, id, {
    ...props,
    ...omitUndefined({ encryptionKey }),
    generateSecretString: { passwordLength: 64, excludePunctuation: true },
  });
  acknowledge(secret, 'AwsSolutions-SMG4', noRotationReason);
  return secret;
}

/** Creates a secret with a placeholder, which its owner replaces with the value. */
export function createSecret(
  scope: Construct,
  id: string,
  { noRotationReason, encryptionKey, ...props }: SecretProps,
): secretsmanager.Secret {
  const secret = new secretsmanager.Secret(scope, id, {
    ...props,
    ...omitUndefined({ encryptionKey }),
    secretStringValue: SecretValue.unsafePlainText(SECRET_PLACEHOLDER),
  });
  acknowledge(secret, 'AwsSolutions-SMG4', noRotationReason);
  return secret;
}

/**
 * Lets a function read a secret. For one with a key, `grantRead` would change the policy of the key,
 * which may be in another stack.
 */
export function allowSecret(reader: lambda.Function, secret: secretsmanager.Secret): void {
  const actions = ['secretsmanager:GetSecretValue', 'secretsmanager:DescribeSecret'];
  allow([reader], actions, [secret.secretArn], secret.encryptionKey);
}

/**
 * What a function reads a secret by. A name is half as long as an ARN, and the environment has to hold
 * those of all entries. A secret of another stack, account or region is read by its ARN.
 */
export function secretIdOf(secret: AnySecret, reader: lambda.Function): string {
  const isOwn = secret instanceof secretsmanager.Secret && secret.stack === reader.stack;
  return isOwn ? secret.secretName : secret.secretArn;
}

/** An environment variable of a function that maps provider entries to ARNs or names, as JSON. */
export class EntryIds {
  readonly #reader: lambda.Function;
  readonly #variable: string;
  readonly #ids: Record<string, string> = {};

  constructor(reader: lambda.Function, variable: string) {
    this.#reader = reader;
    this.#variable = variable;
  }

  add(entry: string, id: string): void {
    this.#ids[entry] = id;
    // The first entry sets the variable, so that a function without entries has none. The value is
    // produced at synthesis, when all entries are known.
    const produce = () => Stack.of(this.#reader).toJsonString(this.#ids);
    this.#reader.addEnvironment(this.#variable, Lazy.string({ produce }));
  }
}
