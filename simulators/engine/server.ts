import { createReadStream } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { type Fault, type FaultList, InjectedError } from './faults.ts';
import { findRoute, type Reply, type Route } from './router.ts';

export interface ServerOptions {
  /** 0 for any free port. */
  readonly port: number;
  readonly routes: readonly Route[];
  readonly faults: FaultList;
  /** Added to every call. */
  readonly latencyMs: number;
  /** Throws an error that `renderError` renders. */
  readonly authorize: (request: IncomingMessage) => void;
  /** The error for a path without a route. */
  readonly notFound: (method: string, path: string) => Error;
  /** Renders any error in the provider's format. */
  readonly renderError: (error: unknown) => Reply;
  /** Headers of every reply. */
  readonly headers: () => Readonly<Record<string, string>>;
}

export interface RunningServer {
  readonly port: number;
  /** Breaks all connections. */
  close(): Promise<void>;
}

/** Longer than clients keep idle connections: they would meet resets that nobody injected. */
const KEEP_ALIVE_MS = 120_000;

/** Serves the routes on the loopback. Rejects if the port is taken. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const server = createServer((request, response) => {
    serve(options, request, response).catch(() => response.destroy());
  });
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, '127.0.0.1', resolve);
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address ? address.port : options.port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function serve(
  options: ServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const method = request.method ?? 'GET';
  const url = new URL(request.url ?? '/', 'http://127.0.0.1');
  const fault = options.faults.take(method, url.pathname);
  const delayMs = options.latencyMs + (fault?.kind === 'delay' ? fault.delayMs : 0);
  if (delayMs > 0) await delay(delayMs);
  if (fault?.kind === 'reset') {
    response.destroy();
    return;
  }
  for (const [name, value] of Object.entries(options.headers())) response.setHeader(name, value);
  let reply: Reply;
  try {
    if (fault?.kind === 'status') throw new InjectedError(fault);
    options.authorize(request);
    const found = findRoute(options.routes, method, url.pathname);
    if (!found) throw options.notFound(method, url.pathname);
    reply = await found.route.handle({
      parameters: found.parameters,
      query: url.searchParams,
      request,
    });
  } catch (error) {
    reply = options.renderError(error);
  }
  // A client that is still sending its body may take an early reply for a broken connection.
  if (!request.readableEnded) await finished(request.resume());
  await sendReply(response, reply, fault);
}

async function sendReply(
  response: ServerResponse,
  reply: Reply,
  fault: Fault | undefined,
): Promise<void> {
  if (fault?.kind === 'lost' || ('lost' in reply && reply.lost)) {
    response.destroy();
    return;
  }
  if (fault?.kind === 'body') {
    response.writeHead(200, { 'content-type': fault.type ?? 'application/json' });
    response.end(fault.text);
    return;
  }
  const body =
    'json' in reply ? Buffer.from(JSON.stringify(patched(reply.json, fault)) ?? '') : reply.file;
  response.writeHead(reply.status, {
    ...('headers' in reply ? reply.headers : {}),
    'content-type': 'type' in body ? body.type : 'application/json',
    'content-length': 'bytes' in body ? body.bytes : body.length,
  });
  const start = 'path' in body ? (body.start ?? 0) : 0;
  // createReadStream cannot express an empty range, so `end` is not below `start`.
  const limit = fault?.kind === 'cut' ? fault.afterBytes : Number.POSITIVE_INFINITY;
  const content =
    'path' in body
      ? createReadStream(body.path, { start, end: start + Math.max(0, limit - 1) })
      : Readable.from([body.subarray(0, limit)]);
  await pipeline(content, response, { end: fault?.kind !== 'cut' });
  // Sends what has been written before it breaks the connection.
  if (fault?.kind === 'cut') response.socket?.destroySoon();
}

function patched(json: unknown, fault: Fault | undefined): unknown {
  return fault?.kind === 'patch' && typeof json === 'object' ? { ...json, ...fault.fields } : json;
}
