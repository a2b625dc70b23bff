import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import type { Functions } from '../lambda/functions.ts';
import { FUNCTION_URL_PATH } from '../template/account.ts';
import type { Service, ServiceRequest, ServiceResponse } from './service.ts';

/** https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const MAX_PAYLOAD_BYTES = 6 * 1024 * 1024;

/** The content types whose bodies a function gets as text. All others are base64. */
const TEXT = /^(text\/|application\/(.+\+)?(json|xml)\b|application\/javascript\b)/i;

/** A function may return this, or any other JSON, which then becomes the body. */
const resultSchema = z.object({
  statusCode: z.number(),
  headers: z.record(z.string(), z.coerce.string()).default({}),
  body: z.string().default(''),
  isBase64Encoded: z.boolean().default(false),
});

/**
 * Function URLs, `http://127.0.0.1:<port>/function-url/<function>/…`, with payload format 2.0:
 * https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html
 */
export function functionUrls(
  functions: Functions,
  urls: readonly { readonly functionArn: string }[],
): Service {
  const names = new Set(urls.map(({ functionArn }) => functions.find(functionArn)?.lambda.name));
  return async (request) => {
    const [, name = '', rawPath = '/'] = FUNCTION_URL_PATH.exec(request.path) ?? [];
    const target = names.has(name) ? functions.find(name) : undefined;
    if (target === undefined) return { status: 404, headers: JSON_BODY, body: { Message: null } };
    const event = JSON.stringify(eventOf(request, name, rawPath));
    if (Buffer.byteLength(event) > MAX_PAYLOAD_BYTES)
      return { status: 413, headers: JSON_BODY, body: { Message: 'Request Entity Too Large' } };
    const { payload, functionError } = await target.lambda.invoke(event);
    // Lambda refuses an answer that is too large as it does one of a function that fails.
    if (functionError !== undefined || Buffer.byteLength(payload) > MAX_PAYLOAD_BYTES)
      return { status: 502, headers: JSON_BODY, body: { Message: 'Internal Server Error' } };
    return responseOf(payload);
  };
}

const JSON_BODY = { 'content-type': 'application/json' };

function eventOf(request: ServiceRequest, name: string, rawPath: string) {
  const { bytes, query, method, header } = request;
  const isText = TEXT.test(header('content-type') ?? '');
  const host = header('host') ?? '';
  const now = new Date();
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath,
    rawQueryString: query.toString(),
    headers: request.headers,
    queryStringParameters: query.size > 0 ? Object.fromEntries(query) : undefined,
    requestContext: {
      accountId: 'anonymous',
      apiId: name,
      domainName: host,
      domainPrefix: name,
      http: {
        method,
        path: rawPath,
        protocol: 'HTTP/1.1',
        sourceIp: '127.0.0.1',
        userAgent: header('user-agent') ?? '',
      },
      requestId: randomUUID(),
      routeKey: '$default',
      stage: '$default',
      time: now.toISOString(),
      timeEpoch: now.getTime(),
    },
    body: bytes.length > 0 ? bytes.toString(isText ? 'utf8' : 'base64') : undefined,
    isBase64Encoded: bytes.length > 0 && !isText,
  };
}

function responseOf(payload: string): ServiceResponse {
  const result = resultSchema.safeParse(JSON.parse(payload === '' ? 'null' : payload));
  if (!result.success) return { status: 200, headers: JSON_BODY, body: payload };
  const { statusCode: status, headers, body, isBase64Encoded } = result.data;
  return {
    status,
    headers: { ...JSON_BODY, ...headers },
    body: isBase64Encoded ? Buffer.from(body, 'base64') : body,
  };
}
