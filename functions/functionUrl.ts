import type { LambdaFunctionURLEvent, LambdaFunctionURLResult } from 'aws-lambda';
import { ApiError, errorResponse } from '../shared/http/apiError.ts';

/**
 * A function URL passes a request as JSON of at most 6 MB, and takes an answer of that size:
 * https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 * There, a body that is no text is base64, four characters for three bytes. 64 KiB are left for the
 * headers and for what Lambda adds.
 */
export const MAX_BODY_BYTES = ((6 * 1024 - 64) * 1024 * 3) / 4;

/**
 * Passes the request of an event to an application, and gives its answer back. `hono/aws-lambda` does the
 * same, but reads an answer of any size before Lambda refuses it, and its types take no such event.
 *
 * @param answer the application
 */
export async function answerEvent(
  event: LambdaFunctionURLEvent,
  answer: (request: Request) => Response | Promise<Response>,
): Promise<LambdaFunctionURLResult> {
  const request = requestOf(event);
  return resultOf(request === undefined ? errorResponse(unreadable()) : await answer(request));
}

/** @returns undefined for what no request can be, such as a header of Chinese characters */
function requestOf(event: LambdaFunctionURLEvent): Request | undefined {
  const { rawPath, rawQueryString, headers, cookies, body, isBase64Encoded } = event;
  const { domainName, http } = event.requestContext;
  // The class takes no body of these methods, and HTTP gives it no meaning.
  const hasBody = body !== undefined && http.method !== 'GET' && http.method !== 'HEAD';
  try {
    const all = new Headers(Object.entries(headers).map(([name, value]) => [name, value ?? '']));
    if (cookies) all.set('cookie', cookies.join('; '));
    return new Request(`https://${domainName}${rawPath}?${rawQueryString}`, {
      method: http.method,
      headers: all,
      body: hasBody ? Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8') : null,
    });
  } catch {
    return undefined;
  }
}

function unreadable(): ApiError {
  return new ApiError(
    400,
    'the request cannot be read: its method, its address or a header is malformed',
  );
}

async function resultOf(response: Response): Promise<LambdaFunctionURLResult> {
  const { status: statusCode, headers } = response;
  const bytes = Number(headers.get('content-length') ?? 0);
  // The answer to HEAD names the size of a body that it does not have.
  if (response.body && bytes > MAX_BODY_BYTES) {
    await response.body.cancel();
    return resultOf(errorResponse(tooLarge(bytes)));
  }
  const body = Buffer.from(await response.arrayBuffer());
  return {
    statusCode,
    headers: Object.fromEntries(headers),
    body: body.toString('base64'),
    isBase64Encoded: true,
  };
}

function tooLarge(bytes: number): ApiError {
  const message = `the answer has ${bytes} bytes, and a function URL gives ${MAX_BODY_BYTES} at most: read it in pieces, with the header Range`;
  return new ApiError(413, message, { code: 'file_too_large' });
}
