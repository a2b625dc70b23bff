import * as z from 'zod';
import type { Named } from '../template/identities.ts';
import { operationOf, type Service, serviceError } from './service.ts';

const requestSchema = z.object({ SecretId: z.string(), SecretString: z.string().optional() });

/**
 * Secrets Manager's GetSecretValue and PutSecretValue. What is put is kept until the run ends.
 *
 * @param values the content of the secrets, by their ARNs or names
 */
export function secretsService(
  secrets: readonly Named[],
  values: ReadonlyMap<string, string>,
): Service {
  /** By the ARNs of the secrets. */
  const put = new Map<string, string>();
  return (request) => {
    const operation = operationOf(request);
    if (operation !== 'GetSecretValue' && operation !== 'PutSecretValue')
      return serviceError(
        400,
        'InvalidRequestException',
        `${operation} is not supported in a local run, which supports GetSecretValue and PutSecretValue`,
      );
    const { SecretId: id, SecretString: text } = requestSchema.parse(JSON.parse(request.body));
    const secret = secrets.find(({ arn, name }) => arn === id || name === id);
    if (secret && operation === 'PutSecretValue' && text !== undefined) put.set(secret.arn, text);
    const value =
      secret && (put.get(secret.arn) ?? values.get(secret.arn) ?? values.get(secret.name));
    if (secret === undefined || value === undefined)
      return serviceError(
        400,
        'ResourceNotFoundException',
        "Secrets Manager can't find the specified secret.",
      );
    const body = {
      ARN: secret.arn,
      Name: secret.name,
      // A real answer to PutSecretValue does not repeat the value.
      ...(operation === 'GetSecretValue' ? { SecretString: value } : {}),
      VersionId: '00000000-0000-4000-8000-000000000001',
      VersionStages: ['AWSCURRENT'],
    };
    return { status: 200, body };
  };
}
