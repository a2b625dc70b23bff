import { Hono } from 'hono';
import { messageOf, RefusedError } from '../batch/errors.ts';
import { ApiError, errorResponse } from './apiError.ts';
import { batchRoutes } from './batches.ts';
import { fileRoutes } from './files.ts';
import { modelRoutes } from './models.ts';
import type { HttpPorts } from './ports.ts';
import type { HttpContext, HttpEnv, Routes } from './routes.ts';
import { uploadRoutes } from './uploads.ts';

/**
 * The HTTP application: OpenAI's Files, Uploads, Batches and Models API under `/v1`, on the use cases of
 * the handler. Its paths, fields, statuses and errors are those of OpenAI's API description.
 */
export function createApp(ports: HttpPorts): Hono<HttpEnv> {
  const { chance, log, authenticate } = ports;
  const app = new Hono<HttpEnv>();

  app.use(async (context, next) => {
    const requestId = `req_${chance.token()}`;
    context.set('requestId', requestId);
    await next();
    context.header('x-request-id', requestId);
    const { caller, route, id } = context.var;
    const { method } = context.req;
    const { status } = context.res;
    // A flood of requests without a key costs no logs. Lambda counts them for the URL.
    if (caller)
      log.info('request answered', { requestId, method, route, status, keyId: caller.keyId, id });
  });
  app.use('/v1/*', async (context, next) => {
    refuseLargeHeaders(context.req.raw.headers);
    context.set('caller', await authenticate(context.req.header('authorization')));
    await next();
  });
  addRoutes(app, {
    ...{ ...fileRoutes(ports), ...uploadRoutes(ports) },
    ...{ ...batchRoutes(ports), ...modelRoutes(ports) },
  });
  app.notFound((context) => {
    const { method, path } = context.req;
    throw new ApiError(
      404,
      `Invalid URL (${method} ${path}): this server answers /v1/files, /v1/uploads, /v1/batches and /v1/models`,
    );
  });
  app.onError((error, context) => errorResponse(toApiError(error, context, ports)));
  return app;
}

function addRoutes(app: Hono<HttpEnv>, routes: Routes): void {
  for (const [path, handlers] of Object.entries(routes)) {
    const route = `/v1${path}`;
    for (const [method, handler] of Object.entries(handlers))
      app.on(method, route, async (context: HttpContext) => {
        context.set('route', route);
        const response = await handler(context);
        // What was answered exists, so that its id is no text of the client's own.
        const [id] = Object.values(context.req.param());
        if (id !== undefined) context.set('id', id);
        return response;
      });
    const allow = Object.keys(handlers).join(', ');
    app.all(route, ({ req }) => {
      const text = `Not allowed to ${req.method} on ${req.path}: use ${allow}`;
      throw new ApiError(405, text, { headers: { allow }, code: 'method_not_allowed' });
    });
  }
}

/** What a request without a key may make us read: as much as Node.js takes. */
const MAX_HEADER_BYTES = 16 * 1024;

/** @throws ApiError 431 */
function refuseLargeHeaders(headers: Headers): void {
  let bytes = 0;
  for (const [name, value] of headers) bytes += name.length + value.length;
  if (bytes <= MAX_HEADER_BYTES) return;
  const message = `The headers of the request have ${bytes} bytes: send at most ${MAX_HEADER_BYTES}`;
  throw new ApiError(431, message, { code: 'headers_too_large' });
}

/** @returns for a fault of ours, an error without its details, which are logged */
function toApiError(error: Error, context: HttpContext, { log }: Pick<HttpPorts, 'log'>): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof RefusedError) {
    const { code, message } = error.reason;
    return new ApiError(400, message, { code });
  }
  const requestId = context.get('requestId');
  const [route, { method }] = [context.get('route'), context.req];
  log.error('request failed', { requestId, method, route, error: faultText(error) });
  const text = `The server failed to answer this request. Repeat it; the logs of the handler have the reason under ${requestId}`;
  return new ApiError(500, text, { code: 'internal_error' });
}

/**
 * What a log says of a fault. Errors of the language itself quote what they were given, such as a piece of
 * JSON or the value of a header, which users may have written: they are told by their name and by where
 * they came from. The messages of all other errors are ours, of AWS or of Node.js, and name ids at most.
 */
function faultText(error: Error): string {
  if (!LANGUAGE_ERRORS.some((type) => error instanceof type)) return messageOf(error);
  const { name, message, stack = '' } = error;
  // The stack begins with the message; the places follow.
  const [, ...rest] = stack.split(message);
  const places = rest.join(message).match(/at .*/g) ?? [];
  const ours = places.filter((place) => !place.includes('node:'));
  return [name, ...ours.slice(0, SHOWN_PLACES)].join(' ');
}
const SHOWN_PLACES = 3;
const LANGUAGE_ERRORS = [SyntaxError, TypeError, RangeError, URIError];
