import { type RemovalPolicy, SecretValue } from 'aws-cdk-lib';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { SECRET_PLACEHOLDER } from '../../shared/config.ts';
import { acknowledge } from '../acknowledgements.ts';
import type { Access } from './access.ts';

/** Under `exactOptionalPropertyTypes` the class is no `ISecret`. */
export type AnySecret = secretsmanager.ISecret | secretsmanager.Secret;

/**
 * By a secret that the functions read.
 *
 * @param given default: one is created
 * @param credential what it holds
 */
export function secretAccess(given: AnySecret | undefined, credential: string): Access {
  return {
    grant(scope, entry, { worker, sweeper, listener, removalPolicy }) {
      const secret = given ?? createKeySecret(scope, entry, credential, removalPolicy);
      for (const caller of [sweeper, worker, ...(listener ? [listener] : [])]) {
        secret.grantRead(caller.function);
        caller.secrets.add(entry, secret.secretArn);
      }
      return { secret, credential };
    },
  };
}

function createKeySecret(
  scope: Construct,
  entry: string,
  credential: string,
  removalPolicy: RemovalPolicy,
) {
  const secret = createSecret(scope, `Secret-${entry}`, {
    description: `The ${credential} of the provider ${entry}, as plain text`,
    removalPolicy,
  });
  acknowledge(
    secret,
    'AwsSolutions-SMG4',
    'The key is made and revoked at the provider, whose API cannot rotate it for us.',
  );
  return secret;
}

/** A secret that somebody has to fill in. */
export function createSecret(
  scope: Construct,
  id: string,
  props: Required<Pick<secretsmanager.SecretProps, 'description' | 'removalPolicy'>>,
): secretsmanager.Secret {
  return new secretsmanager.Secret(scope, id, {
    ...props,
    secretStringValue: SecretValue.unsafePlainText(SECRET_PLACEHOLDER),
  });
}
