import { createHash, createHmac } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { ApiError } from './errors.ts';

/** The workspace of Claude Platform on AWS that a simulator plays, and who may call it. */
export interface AwsWorkspace {
  readonly region: string;
  readonly workspaceId: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** The name that signatures are made for: the SDK `@anthropic-ai/aws-sdk`, and the actions of IAM. */
const SERVICE = 'aws-external-anthropic';
const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/;
/** Without these in the signature, somebody could change what the call means. */
const MUST_BE_SIGNED = ['anthropic-workspace-id', 'host', 'x-amz-date'];

/**
 * Checks the signature of a call, version 4:
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html. Its
 * age is not checked, because a test's clock may be anywhere.
 *
 * @throws ApiError 401 or 403
 */
export function checkAwsSignature(request: IncomingMessage, workspace: AwsWorkspace): void {
  const { headers } = request;
  const [, accessKeyId, date = '', region, service, names = '', signature] =
    AUTHORIZATION.exec(headers.authorization ?? '') ?? [];
  if (signature === undefined) throw new ApiError(401, 'Missing Authentication Token');
  if (accessKeyId !== workspace.accessKeyId)
    throw new ApiError(403, 'The security token included in the request is invalid.');
  if (region !== workspace.region || service !== SERVICE)
    throw new ApiError(403, `Credential should be scoped to ${workspace.region}/${SERVICE}.`);
  const signed = names.split(';');
  const missing = MUST_BE_SIGNED.find((name) => !signed.includes(name));
  if (missing !== undefined) throw new ApiError(403, `'${missing}' must be a signed header.`);
  const scope = `${date}/${region}/${service}/aws4_request`;
  const text = [
    'AWS4-HMAC-SHA256',
    String(headers['x-amz-date']),
    scope,
    createHash('sha256').update(canonicalRequest(request, signed)).digest('hex'),
  ].join('\n');
  if (signatureOf(text, scope, workspace.secretAccessKey) !== signature)
    throw new ApiError(
      403,
      'The request signature we calculated does not match the signature you provided.',
    );
  if (headers['anthropic-workspace-id'] !== workspace.workspaceId)
    throw new ApiError(404, 'anthropic-workspace-id: no such workspace');
}

function canonicalRequest({ method, url = '', headers }: IncomingMessage, signed: string[]) {
  const { pathname, searchParams } = new URL(url, 'http://localhost');
  const query = [...searchParams]
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .toSorted()
    .join('&');
  return [
    method,
    // Encoded twice, as by every service but S3.
    pathname.split('/').map(encode).join('/'),
    query,
    ...signed.map((name) => `${name}:${String(headers[name] ?? '').trim()}`),
    '',
    signed.join(';'),
    headers['x-amz-content-sha256'],
  ].join('\n');
}

/** Like `encodeURIComponent`, with the four characters more that the algorithm encodes. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function signatureOf(text: string, scope: string, secret: string): string {
  const hmac = (key: string | Buffer, data: string) =>
    createHmac('sha256', key).update(data).digest();
  const key = scope.split('/').reduce<string | Buffer>(hmac, `AWS4${secret}`);
  return hmac(key, text).toString('hex');
}
