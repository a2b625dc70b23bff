import type { LambdaFunctionURLEvent } from 'aws-lambda';
import type { WebhookRequest } from '../../shared/batch/webhookPorts.ts';

/** The event of a job that has ended holds little more than its id. */
const MAX_BODY_BYTES = 16 * 1024;

/** The path names the provider's entry. */
const ENTRY_PATH = /^\/([A-Za-z][A-Za-z0-9-]{0,31})\/?$/;

/** What came over HTTP: a webhook for an entry, or the status that it is turned away with. */
export type HttpRequest =
  | { readonly entry: string; readonly webhook: WebhookRequest }
  | { readonly statusCode: 404 | 405 | 413 };

export function readRequest(event: LambdaFunctionURLEvent): HttpRequest {
  const { rawPath, headers, body = '', isBase64Encoded, requestContext } = event;
  if (requestContext.http.method !== 'POST') return { statusCode: 405 };
  const entry = ENTRY_PATH.exec(rawPath)?.[1];
  if (entry === undefined) return { statusCode: 404 };
  const bytes = Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8');
  if (bytes.length > MAX_BODY_BYTES) return { statusCode: 413 };
  return { entry, webhook: { headers, body: bytes.toString('utf8') } };
}
