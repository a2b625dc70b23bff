import * as z from 'zod';
import type { Named } from '../template/identities.ts';
import { operationOf, type Service, serviceError } from './service.ts';

const getSecretSchema = z.object({ SecretId: z.string() });

/**
 * Secrets Manager's GetSecretValue.
 *
 * @param values the content of the secrets, by their ARNs or names
 */
export function secretsService(
  secrets: readonly Named[],
  values: ReadonlyMap<string, string>,
): Service {
  return (request) => {
    const operation = operationOf(request);
    if (operation !== 'GetSecretValue')
      return serviceError(
        400,
        'InvalidRequestException',
        `${operation} is not supported in a local run, which supports GetSecretValue`,
      );
    const { SecretId: id } = getSecretSchema.parse(JSON.parse(request.body));
    const secret = secrets.find(({ arn, name }) => arn === id || name === id);
    const value = secret && (values.get(secret.arn) ?? values.get(secret.name));
    if (secret === undefined || value === undefined)
      return serviceError(
        400,
        'ResourceNotFoundException',
        "Secrets Manager can't find the specified secret.",
      );
    const body = {
      ARN: secret.arn,
      Name: secret.name,
      SecretString: value,
      VersionId: '00000000-0000-4000-8000-000000000001',
      VersionStages: ['AWSCURRENT'],
    };
    return { status: 200, body };
  };
}
