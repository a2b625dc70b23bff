import type { IncomingHttpHeaders } from 'node:http';
import { FUNCTION_URL_PATH } from '../template/account.ts';

const CREDENTIAL_SCOPE = /Credential=[^/\s]+\/\d{8}\/[^/]+\/([^/]+)\/aws4_request/;

/** Signing names of services whose requests may come unsigned, by the prefix of X-Amz-Target. */
const TARGETS: readonly (readonly [string, string])[] = [
  ['DynamoDB', 'dynamodb'],
  ['AmazonSQS', 'sqs'],
  ['secretsmanager', 'secretsmanager'],
  ['AWSEvents', 'events'],
];

/** Not a signing name: whoever calls such a URL signs nothing. */
export const FUNCTION_URLS = 'function-url';

/**
 * Which service a request is for, when all share one address: the name that it was signed for.
 *
 * @returns a signing name, such as `sqs`; `s3` for a request that names none; FUNCTION_URLS
 */
export function serviceOf(url: URL, headers: IncomingHttpHeaders): string {
  if (FUNCTION_URL_PATH.test(url.pathname)) return FUNCTION_URLS;
  const presigned = `Credential=${url.searchParams.get('X-Amz-Credential') ?? ''}`;
  const signed =
    CREDENTIAL_SCOPE.exec(headers.authorization ?? '') ?? CREDENTIAL_SCOPE.exec(presigned);
  if (signed?.[1] !== undefined) return signed[1];
  const target = String(headers['x-amz-target'] ?? '');
  const known = TARGETS.find(([prefix]) => target.startsWith(prefix));
  if (known !== undefined) return known[1];
  return url.pathname.startsWith('/2015-03-31/functions/') ? 'lambda' : 's3';
}
