import type { LambdaFunctionURLEvent } from 'aws-lambda';
import { expect, it } from 'vitest';
import { answerEvent, MAX_BODY_BYTES } from '../../functions/functionUrl.ts';

type Changes = Partial<LambdaFunctionURLEvent> & { readonly method?: string };

/** As a function URL makes it: https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html */
function eventOf({ method = 'GET', ...changes }: Changes): LambdaFunctionURLEvent {
  const http = { method, path: '/', protocol: 'HTTP/1.1', sourceIp: '192.0.2.1', userAgent: '' };
  const domainName = 'abc.lambda-url.eu-west-1.on.aws';
  return {
    ...{ version: '2.0', routeKey: '$default', rawPath: '/', rawQueryString: '', headers: {} },
    isBase64Encoded: false,
    requestContext: { http, domainName } as LambdaFunctionURLEvent['requestContext'],
    ...changes,
  };
}

const bodyOf = (result: unknown) =>
  Buffer.from((result as { body: string }).body, 'base64').toString('utf8');

it('passes the path, the query, the headers, the cookies and a binary body', async () => {
  const bytes = Buffer.from([0xff, 0x00, 0x0a]);
  const event = eventOf({
    method: 'POST',
    rawPath: '/v1/files',
    rawQueryString: 'a=%2F&a=2',
    headers: { authorization: 'Bearer k', 'content-type': 'multipart/form-data; boundary=x' },
    cookies: ['a=1', 'b=2'],
    body: bytes.toString('base64'),
    isBase64Encoded: true,
  });

  const result = await answerEvent(event, async (request) => {
    expect(request.method).toBe('POST');
    expect(request.url).toBe('https://abc.lambda-url.eu-west-1.on.aws/v1/files?a=%2F&a=2');
    expect(request.headers.get('authorization')).toBe('Bearer k');
    expect(request.headers.get('cookie')).toBe('a=1; b=2');
    expect(Buffer.from(await request.arrayBuffer())).toEqual(bytes);
    return new Response(bytes, { status: 201, headers: { 'x-mine': 'yes' } });
  });

  expect(result).toEqual({
    statusCode: 201,
    headers: { 'x-mine': 'yes' },
    body: bytes.toString('base64'),
    isBase64Encoded: true,
  });
});

it('passes a body of text, and an answer without a body', async () => {
  const event = eventOf({ method: 'POST', body: '{"ü":1}' });
  const result = await answerEvent(event, async (request) => {
    expect(await request.text()).toBe('{"ü":1}');
    return new Response(null, { status: 302, headers: { location: 'https://s3.example/x' } });
  });
  expect(result).toMatchObject({
    statusCode: 302,
    headers: { location: 'https://s3.example/x' },
    body: '',
  });
});

it('leaves out the body of a GET, which means nothing', async () => {
  const event = eventOf({ method: 'GET', body: 'x' });
  const result = await answerEvent(event, async (request) => new Response(await request.text()));
  expect(bodyOf(result)).toBe('');
});

it.each([
  ['a header that is no Latin-1', { headers: { 'x-name': '名前' } }],
  ['a method that no client may send', { method: 'TRACE' }],
])('refuses %s, in the shape of OpenAI', async (_what, changes) => {
  const result = await answerEvent(eventOf(changes), () => {
    throw new Error('not to be called');
  });
  expect(result).toMatchObject({ statusCode: 400 });
  expect(JSON.parse(bodyOf(result))).toMatchObject({ error: { type: 'invalid_request_error' } });
});

it('passes the answer to HEAD for content of any size', async () => {
  const headers = { 'content-length': String(MAX_BODY_BYTES + 1) };
  const result = await answerEvent(
    eventOf({ method: 'HEAD' }),
    () => new Response(null, { status: 200, headers }),
  );
  expect(result).toMatchObject({ statusCode: 200, headers, body: '' });
});

it('refuses an answer that Lambda would not take, without reading it', async () => {
  let isRead = false;
  let isCancelled = false;
  const body = new ReadableStream(
    {
      pull: () => {
        isRead = true;
      },
      cancel: () => {
        isCancelled = true;
      },
    },
    { highWaterMark: 0 },
  );
  const headers = { 'content-length': String(MAX_BODY_BYTES + 1) };

  const result = await answerEvent(eventOf({}), () => new Response(body, { headers }));

  expect(result).toMatchObject({ statusCode: 413 });
  expect(JSON.parse(bodyOf(result)).error).toMatchObject({ code: 'file_too_large' });
  expect([isRead, isCancelled]).toEqual([false, true]);
});

it('an event with the largest body is within the 6 MB of Lambda', async () => {
  const body = Buffer.alloc(MAX_BODY_BYTES).toString('base64');
  const headers = { 'x-largest': 'x'.repeat(16 * 1024) };
  const event = eventOf({ method: 'POST', headers, body, isBase64Encoded: true });
  expect(Buffer.byteLength(JSON.stringify(event))).toBeLessThan(6 * 1024 * 1024);
});
