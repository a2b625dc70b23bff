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
    grant(scope, entry, { worker, sweeper, removalPolicy }) {
      const secret = given ?? createSecret(scope, entry, credential, removalPolicy);
      for (const caller of [sweeper, worker]) {
        secret.grantRead(caller.function);
        caller.secrets.add(entry, secret.secretArn);
      }
      return { secret, credential };
    },
  };
}

function createSecret(
  scope: Construct,
  entry: string,
  credential: string,
  removalPolicy: RemovalPolicy,
) {
  const secret = new secretsmanager.Secret(scope, `Secret-${entry}`, {
    description: `The ${credential} of the provider ${entry}, as plain text`,
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
