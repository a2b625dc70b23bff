import type { IncomingHttpHeaders } from 'node:http';

const CREDENTIAL_SCOPE = /Credential=[^/\s]+\/\d{8}\/[^/]+\/([^/]+)\/aws4_request/;

/** Signing names of services whose requests may come unsigned, by the prefix of X-Amz-Target. */
const TARGETS: readonly (readonly [string, string])[] = [
  ['DynamoDB', 'dynamodb'],
  ['AmazonSQS', 'sqs'],
  ['secretsmanager', 'secretsmanager'],
  ['AWSEvents', 'events'],
];

/**
 * Which service a request is for, when all share one address: the name that it was signed for.
 *
 * @returns a signing name, such as `sqs`; `s3` for a request that names none
 */
export function serviceOf(url: URL, headers: IncomingHttpHeaders): string {
  const presigned = `Credential=${url.searchParams.get('X-Amz-Credential') ?? ''}`;
  const signed =
    CREDENTIAL_SCOPE.exec(headers.authorization ?? '') ?? CREDENTIAL_SCOPE.exec(presigned);
  if (signed?.[1] !== undefined) return signed[1];
  const target = String(headers['x-amz-target'] ?? '');
  const known = TARGETS.find(([prefix]) => target.startsWith(prefix));
  if (known !== undefined) return known[1];
  return url.pathname.startsWith('/2015-03-31/functions/') ? 'lambda' : 's3';
}
