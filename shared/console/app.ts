import { randomUUID } from 'node:crypto';
import { serveStatic } from '@hono/node-server/serve-static';
import { Hono, type MiddlewareHandler } from 'hono';
import { addRoutes } from './addRoutes.ts';
import { batchesRoutes } from './batchesRoutes.ts';
import { batchRoutes } from './batchRoutes.ts';
import { failed } from './failure.ts';
import { handlerRoutes } from './handlerRoutes.ts';
import { letterRoutes } from './letterRoutes.ts';
import { LiveHub, liveRoutes } from './live.ts';
import { BatchMirror } from './mirror.ts';
import { moneyRoutes } from './moneyRoutes.ts';
import type { ConsolePorts } from './ports.ts';
import { providerRoutes } from './providerRoutes.ts';
import { rowsRoutes } from './rowsRoutes.ts';
import { pageHeaders, requireOwnOrigin, requireOwnPage, requireSession } from './session.ts';
import { tenantRoutes } from './tenantRoutes.ts';
import { todayRoutes } from './todayRoutes.ts';
import { turnaroundRoutes } from './turnaroundRoutes.ts';

export interface ConsoleHost {
  /** By which the person with the address is known. At least 128 bits. */
  readonly token: string;
  /** The folder of the built page. */
  readonly directory: string;
}

/** What a page sends at once, at most: a piece of a file that it adds. */
const MAX_BODY_BYTES = 16 * 1024 * 1024;

/** The console: a page for a browser, and the API that the page is built on. */
export function createConsole(ports: ConsolePorts, { token, directory }: ConsoleHost): Hono {
  const app = new Hono();
  const id = randomUUID();
  app.use(pageHeaders, requireSession(token), requireOwnOrigin);
  app.use('/api/*', requireOwnPage(id), limitBody, async (context, next) => {
    context.header('cache-control', 'no-store');
    const { method } = context.req;
    // Its answer would have no reader, and a stream would never end.
    if (method === 'HEAD') return context.body(null, 405);
    if (!ports.isReadOnly || method === 'GET') return next();
    return context.json({ error: READ_ONLY }, 403);
  });
  app.route('/api', consoleApi(ports, id));
  app.all('/api/*', (context) =>
    context.json({ error: { code: 'not_found', message: 'there is no such path' } }, 404),
  );
  app.use('/assets/*', async (context, next) => {
    await next();
    // Their names change with their content. One that is not there may be later.
    if (!context.res.ok) return;
    context.header('cache-control', 'private, max-age=31536000, immutable');
  });
  app.get('*', serveStatic({ root: directory }));
  app.get('/assets/*', (context) => context.notFound());
  // The page itself knows which of its screens an address is of.
  app.get('*', serveStatic({ root: directory, path: 'index.html' }));
  return app.onError((error, context) => failed(error, context, ports));
}

/**
 * A browser says how long a body is, and Node takes no more of it. The limit of Hono would count the bytes of
 * any other body, and with it of a DELETE without one, into a new request, which this server's requests cannot be.
 */
const limitBody: MiddlewareHandler = async (context, next) => {
  const { req } = context;
  const isOfUnknownLength = req.header('transfer-encoding') !== undefined;
  const bytes = Number(req.header('content-length') ?? 0);
  if (!isOfUnknownLength && bytes <= MAX_BODY_BYTES) return next();
  const message = isOfUnknownLength
    ? 'a request has to say how long its body is'
    : `at most ${MAX_BODY_BYTES} bytes can be sent at once`;
  return context.json({ error: { code: 'too_large', message } }, isOfUnknownLength ? 411 : 413);
};

const READ_ONLY = { code: 'read_only', message: 'this server was started with --read-only' };

/** The routes of the API, each in the file of its screen. Their types are those of the page's client. */
function consoleApi(ports: ConsolePorts, id: string) {
  const mirror = new BatchMirror(ports);
  const hub = new LiveHub();
  const parts = { ...ports, mirror, hub };
  const app = new Hono();
  app.onError((error, context) => failed(error, context, ports));
  return app
    .route('/', handlerRoutes(ports, id))
    .route('/', liveRoutes(parts))
    .route('/', todayRoutes(parts))
    .route('/', batchesRoutes(parts))
    .route('/', batchRoutes(parts))
    .route('/', rowsRoutes(parts))
    .route('/', addRoutes(parts))
    .route('/', moneyRoutes(parts))
    .route('/', turnaroundRoutes(parts))
    .route('/', letterRoutes(parts))
    .route('/', providerRoutes(parts))
    .route('/', tenantRoutes(parts));
}
export type ConsoleApi = ReturnType<typeof consoleApi>;
