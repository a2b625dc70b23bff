import { Lazy, Stack } from 'aws-cdk-lib';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { ENVIRONMENT } from '../shared/config.ts';

/** Under `exactOptionalPropertyTypes` the class is no `ISecret`. */
export type AnySecret = secretsmanager.ISecret | secretsmanager.Secret;

/** A function that reads the secrets of provider entries. */
export class SecretReader {
  readonly #function: lambda.Function;
  readonly #arns: Record<string, string> = {};

  constructor(reader: lambda.Function) {
    this.#function = reader;
    reader.addEnvironment(
      ENVIRONMENT.secrets,
      Lazy.string({ produce: () => Stack.of(reader).toJsonString(this.#arns) }),
    );
  }

  /** Lets the function read a secret, and tells it which one. */
  add(entry: string, secret: AnySecret): void {
    secret.grantRead(this.#function);
    this.#arns[entry] = secret.secretArn;
  }
}
