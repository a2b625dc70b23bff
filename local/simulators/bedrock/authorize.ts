import type { IncomingMessage } from 'node:http';
import { ServiceError } from './errors.ts';

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html */
const SIGNED = /^AWS4-HMAC-SHA256 Credential=([^/]+)\/\d{8}\/[^/]+\/bedrock\/aws4_request,/;

/** Checks who signed a call; the signature itself is not computed. */
export function authorizer(accessKeyIds: readonly string[] | undefined) {
  return (request: IncomingMessage): void => {
    const accessKeyId = SIGNED.exec(request.headers.authorization ?? '')?.[1];
    if (accessKeyId === undefined)
      throw new ServiceError(
        403,
        'MissingAuthenticationTokenException',
        'Missing Authentication Token',
      );
    if (accessKeyIds === undefined || accessKeyIds.includes(accessKeyId)) return;
    const message = 'The security token included in the request is invalid.';
    throw new ServiceError(403, 'UnrecognizedClientException', message);
  };
}
