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
    const { method } = context.req;
    const { status } = context.res;
    const { keyId } = context.get('caller') ?? {};
    log.info('request answered', { requestId, method, route: context.get('route'), status, keyId });
  });
  app.use('/v1/*', async (context, next) => {
    context.set('caller', await authenticate(context.req.header('authorization')));
    await next();
  });
  addRoutes(app, {
    ...{ ...fileRoutes(ports), ...uploadRoutes(ports) },
    ...{ ...batchRoutes(ports), ...modelRoutes(ports) },
  });
  app.notFound((context) => {
    const { method, path } = context.req;
    throw new ApiError(404, `Invalid URL (${method} ${path})`);
  });
  app.onError((error, context) => errorResponse(toApiError(error, context, ports)));
  return app;
}

function addRoutes(app: Hono<HttpEnv>, routes: Routes): void {
  for (const [path, handlers] of Object.entries(routes)) {
    const route = `/v1${path}`;
    for (const [method, handler] of Object.entries(handlers))
      app.on(method, route, (context) => {
        context.set('route', route);
        return handler(context);
      });
    const allow = Object.keys(handlers).join(', ');
    app.all(route, ({ req }) => {
      const text = `Not allowed to ${req.method} on ${req.path}: use ${allow}`;
      throw new ApiError(405, text, { headers: { allow }, code: 'method_not_allowed' });
    });
  }
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
  log.error('request failed', { requestId, method, route, error: messageOf(error) });
  const text = `The server failed to answer this request. Repeat it; the logs of the handler have the reason under ${requestId}`;
  return new ApiError(500, text, { code: 'internal_error' });
}
